# Where it runs, and what it watches. What it may change is in variables_rights.tf,
# how people are reached in variables_people.tf.

variable "project" {
  description = "Id of the project that rescind runs in. Use one of its own: whoever administers it can act as rescind."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is \"${var.project}\", want the id of a project, such as \"ops-rescind\": 6 to 30 lower-case letters, digits and dashes, not its number."
  }
}

variable "region" {
  description = "Region of the services, of the scheduler and, unless store_location says otherwise, of the store."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is \"${var.region}\", want a region such as \"europe-west1\", not a zone."
  }
}

variable "image" {
  description = "The image that all services run, by its digest: what runs cannot change under a tag. See docs/image.md."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[^@ ]+/[^@ ]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image is \"${var.image}\", want REGISTRY/REPOSITORY@sha256:DIGEST; `make image` prints the digest."
  }
}

variable "name" {
  description = "First part of every name, so that two installations can share a project."
  type        = string
  default     = "rescind"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\", want 3 to 16 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash."
  }
}

variable "scope" {
  description = <<-EOT
    What is watched, and how hard policies may act there: `projects/P`, `folders/N` or `organizations/N` to `audit`,
    `approve` or `revert`. With `audit` nothing may be written there. A level is the most that is possible: what is done is
    for the policies to say. None may lie within another.
  EOT
  type        = map(string)
  nullable    = false
  validation {
    condition     = length(var.scope) > 0
    error_message = "scope is empty, so nothing would be watched: name a project, a folder or an organization, as in {\"projects/pay-dev\" = \"audit\"}."
  }
  validation {
    condition     = alltrue([for s in keys(var.scope) : can(regex("^(projects/[a-z][a-z0-9-]{4,28}[a-z0-9]|folders/[0-9]+|organizations/[0-9]+)$", s))])
    error_message = "scope names ${join(", ", keys(var.scope))}: want projects/ID, folders/NUMBER or organizations/NUMBER."
  }
  validation {
    condition     = alltrue([for l in values(var.scope) : contains(["audit", "approve", "revert"], l)])
    error_message = "scope has the levels ${join(", ", values(var.scope))}: want audit, approve or revert."
  }
  validation {
    condition     = length([for s in keys(var.scope) : s if startswith(s, "organizations/")]) == 0 || length(var.scope) == 1
    error_message = "scope has an organization and something beside it, which lies within: each event would come twice. Name the organization alone, or the folders and projects alone."
  }
  validation {
    condition     = var.organization != null || alltrue([for s in keys(var.scope) : startswith(s, "projects/")])
    error_message = "scope has a folder or an organization, and organization is not set: the roles that reach them can only be defined there, and nothing below could be read."
  }
  validation {
    condition     = alltrue([for s in keys(var.scope) : s == "organizations/${coalesce(var.organization, "-")}" if startswith(s, "organizations/")])
    error_message = "scope has another organization than the variable organization says."
  }
}

variable "scope_exclude" {
  description = "Projects and folders within the scope that rescind leaves alone. Their events still arrive, and are dropped."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for s in var.scope_exclude : can(regex("^(projects/[a-z][a-z0-9-]{4,28}[a-z0-9]|folders/[0-9]+)$", s))])
    error_message = "scope_exclude has ${join(", ", var.scope_exclude)}: want projects/ID or folders/NUMBER."
  }
  validation {
    condition     = length(setintersection(var.scope_exclude, toset(keys(var.scope)))) == 0
    error_message = "scope and scope_exclude both name ${join(", ", setintersection(var.scope_exclude, toset(keys(var.scope))))}, so nothing of it would be watched."
  }
}

variable "organization" {
  description = "Number of the organization that holds the scope. With it, custom roles are defined there, and what folders and the organization grant and enforce can be read. Without it, only projects can be watched, and what depends on what is above them is unknown."
  type        = string
  default     = null
  validation {
    condition     = var.organization == null || can(regex("^[0-9]+$", var.organization))
    error_message = "organization is \"${coalesce(var.organization, "-")}\", want its number, such as \"123456789012\"; `gcloud organizations list` shows it."
  }
}

variable "policies" {
  description = "Content of one policy file (docs/policies.md), for instance file(\"policies.yaml\"). Without it the three built-in policies report."
  type        = string
  default     = null
  validation {
    condition     = var.policies == null || can(yamldecode(var.policies).policies[0].name)
    error_message = "policies is no policy file: want YAML with `apiVersion: rescind/v1` and a list `policies:`, each with a name. Run `rescind policy test` on it."
  }
}

variable "settings" {
  description = "Other parts of rescind.yaml, as docs/config.md has them: approvals, guardrails, scan, fallback_identity, google. All else is written by this module."
  type        = any
  default     = {}
  nullable    = false
  validation {
    condition     = can(keys(var.settings)) && alltrue([for k in try(keys(var.settings), []) : contains(["approvals", "guardrails", "scan", "fallback_identity", "google"], k)])
    error_message = "settings has the keys ${join(", ", try(keys(var.settings), ["(not an object)"]))}: want some of approvals, guardrails, scan, fallback_identity and google; the rest of rescind.yaml follows from the other variables."
  }
}

variable "confirm_entry" {
  description = "Look up each log entry in Cloud Logging before acting on it, so that nobody who can publish to the topic of the events has something reverted, or somebody blamed. Takes the right to read the logs of the scope."
  type        = bool
  default     = false
  nullable    = false
}

variable "asset_search" {
  description = "Search the scope for workloads of one project that run as an account of another. Takes the right to search all resources of the scope, and the Cloud Asset API."
  type        = bool
  default     = false
  nullable    = false
}

variable "store_location" {
  description = "Location of the Firestore database: a region, `eur3` or `nam5`. It cannot be changed later. Default: region."
  type        = string
  default     = null
  validation {
    condition     = var.store_location == null || can(regex("^(eur3|nam5|nam7|[a-z]+-[a-z]+[0-9]+)$", var.store_location))
    error_message = "store_location is \"${coalesce(var.store_location, "-")}\", want a region such as \"europe-west1\", or eur3, nam5 or nam7."
  }
}

variable "backup_days" {
  description = "For how many days the daily backups of the store are kept; 0 for none."
  type        = number
  default     = 14
  nullable    = false
  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days is ${var.backup_days}, want 0 to 98 whole days, the longest that Firestore keeps one."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the store and the services. Switch it off and apply before you uninstall."
  type        = bool
  default     = true
  nullable    = false
}

variable "worker_always_on" {
  description = "Keep one instance of the worker, with its CPU, at all times: what an answer leads to begins at once. Without it the minute of the scheduler is the longest wait, and an instance that nobody calls costs nothing."
  type        = bool
  default     = false
  nullable    = false
}

variable "worker_max_instances" {
  description = "The most instances of the worker. They share the limits of reverts and of writes."
  type        = number
  default     = 4
  nullable    = false
  validation {
    condition     = var.worker_max_instances >= 1 && var.worker_max_instances <= 100 && floor(var.worker_max_instances) == var.worker_max_instances
    error_message = "worker_max_instances is ${var.worker_max_instances}, want 1 to 100."
  }
}

variable "enable_apis" {
  description = "Switch on the APIs that rescind needs in its project. They stay on when it is uninstalled."
  type        = bool
  default     = true
  nullable    = false
}

variable "replay_dead_letters" {
  description = "Push the dead letters of the events to the worker again, for as long as this is true: docs/playbooks/dead-letters.md."
  type        = bool
  default     = false
  nullable    = false
}

variable "telemetry" {
  description = <<-EOT
    Where metrics and traces go, as OpenTelemetry's variables of the environment, such as `OTEL_EXPORTER_OTLP_ENDPOINT` to the
    address of a collector: docs/operations.md. Nothing is sent without.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for k in keys(var.telemetry) : can(regex("^OTEL_[A-Z_]+$", k)) && !endswith(k, "_HEADERS")])
    error_message = "telemetry has ${join(", ", keys(var.telemetry))}: want variables that begin with OTEL_, and none of headers, whose values are secrets and would stand in Terraform's state and in the console. Use a collector that asks for none."
  }
}
