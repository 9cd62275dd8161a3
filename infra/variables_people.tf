# How people are reached, and where they answer.

variable "slack" {
  description = <<-EOT
    The Slack app, or null for none. bot_token_version and signing_secret_versions are versions of the secrets that this
    module makes: apply without slack first, add them, and then name them. Of several signing secrets each is accepted. The
    last route has no match.
  EOT
  type = object({
    team                    = string
    app_id                  = optional(string)
    routes                  = list(object({ match = optional(string), channel = string }))
    bot_token_version       = number
    signing_secret_versions = list(number)
    fallback_after          = optional(string)
    digest_above            = optional(number)
    min_instances           = optional(number, 1)
  })
  default = null
  validation {
    condition     = var.slack == null || can(regex("^T[A-Z0-9]+$", var.slack.team))
    error_message = "slack.team is not the id of a workspace, such as T0123ABCD."
  }
  validation {
    condition     = var.slack == null || try(length(var.slack.signing_secret_versions) > 0, false)
    error_message = "slack.signing_secret_versions is empty: nothing could tell a click from a forgery. Name at least one version of the secret."
  }
  validation {
    condition     = var.slack == null || try(alltrue([for v in concat([var.slack.bot_token_version], var.slack.signing_secret_versions) : v >= 1 && floor(v) == v]), false)
    error_message = "slack names versions of its secrets that cannot be: want 1, 2 and so on, as `gcloud secrets versions list` has them."
  }
  validation {
    condition     = var.slack == null || try(var.slack.routes[length(var.slack.routes) - 1].match == null, false)
    error_message = "slack.routes must end with a route without match: a finding that no route takes would be seen by nobody."
  }
  validation {
    condition     = var.slack == null || try(alltrue([for r in var.slack.routes : can(regex("^[CG][A-Z0-9]+$", r.channel))]), false)
    error_message = "slack.routes has a channel that is no id: want C0123ABCD, at the end of the channel's details in Slack, not its name."
  }
  validation {
    condition     = var.slack == null || can(var.settings.approvals.approvers)
    error_message = "slack is set, and settings.approvals.approvers is not: every answer would be refused. Say who may answer."
  }
}

variable "page" {
  description = "The pages behind Identity-Aware Proxy, or null for none: who may see them, and their address where it is not Cloud Run's own. Who may answer there is settings.approvals.approvers."
  type = object({
    viewers  = set(string)
    base_url = optional(string)
  })
  default = null
  validation {
    condition     = var.page == null || try(length(var.page.viewers) > 0, false)
    error_message = "page.viewers is empty: nobody would see the pages. Name people or groups, such as \"group:oncall@example.com\"."
  }
  validation {
    condition     = var.page == null || try(alltrue([for m in var.page.viewers : !contains(["allUsers", "allAuthenticatedUsers"], m)]), false)
    error_message = "page.viewers has allUsers or allAuthenticatedUsers: anybody could read every finding."
  }
  validation {
    condition     = var.page == null || try(var.page.base_url == null || can(regex("^https://[^/ ]+$", var.page.base_url)), false)
    error_message = "page.base_url is not https://HOST without a path."
  }
}

variable "pagerduty_key_version" {
  description = "Version of the secret with the routing key of a PagerDuty service (Events API v2), or null for none. settings.approvals.escalation.pagerduty.routing_key is then { env = \"PAGERDUTY_KEY\" }."
  type        = number
  default     = null
  validation {
    condition     = var.pagerduty_key_version == null || try(var.pagerduty_key_version >= 1 && floor(var.pagerduty_key_version) == var.pagerduty_key_version, false)
    error_message = "pagerduty_key_version is no version of a secret: want 1, 2 and so on."
  }
  validation {
    condition     = (var.pagerduty_key_version != null) == (try(var.settings.approvals.escalation.pagerduty.routing_key.env, "") == "PAGERDUTY_KEY")
    error_message = "pagerduty_key_version and settings.approvals.escalation.pagerduty.routing_key = { env = \"PAGERDUTY_KEY\" } go together: without the one nobody is paged, without the other the worker does not start."
  }
}

variable "decisions_feed" {
  description = "Publish each change of a finding's state to a topic, for a SIEM or a dashboard: docs/feed.md."
  type        = bool
  default     = false
  nullable    = false
}

variable "alerts" {
  description = "Make the alerts of docs/playbooks/."
  type        = bool
  default     = true
  nullable    = false
}

variable "notification_channels" {
  description = "Notification channels of Cloud Monitoring that alerts go to, projects/P/notificationChannels/N. Best one that does not go through Slack alone."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for c in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", c))])
    error_message = "notification_channels has ${join(", ", var.notification_channels)}: want projects/P/notificationChannels/N, as `gcloud beta monitoring channels list` has them."
  }
  validation {
    condition     = length(var.notification_channels) > 0 || !var.alerts
    error_message = "notification_channels is empty: the alerts would reach nobody. Name a channel, or say alerts = false."
  }
}

variable "quiet_minutes" {
  description = "After how many minutes without any event an alert says so. Raise it where a scope is small and quiet, but not above a day."
  type        = number
  default     = 60
  nullable    = false
  validation {
    condition     = var.quiet_minutes >= 10 && var.quiet_minutes <= 1440 && floor(var.quiet_minutes) == var.quiet_minutes
    error_message = "quiet_minutes is ${var.quiet_minutes}, want 10 to 1440."
  }
}
