# What rescind may change. All of it is opt-in: with every scope at audit, nothing.

variable "steps" {
  description = <<-EOT
    The steps that rescind may take where a scope's level is `approve` or `revert`; each is a custom role with the
    permissions of its row in docs/permissions.md. `restore-identity` also takes act_as, `restore-constraint` the variable
    organization.
  EOT
  type        = set(string)
  default     = ["remove-grants", "require-invoker-iam", "restore-condition", "restore-ingress", "restore-revision"]
  nullable    = false
  validation {
    condition     = alltrue([for s in var.steps : contains(keys(local.steps), s)])
    error_message = "steps has ${join(", ", var.steps)}: want some of ${join(", ", keys(local.steps))}."
  }
  validation {
    condition     = !contains(var.steps, "restore-identity") || length(var.act_as) > 0 || !local.may_write
    error_message = "steps has restore-identity, and act_as is empty: each such revert would end as blocked. Name the accounts that may be gone back to in act_as."
  }
  validation {
    condition     = !contains(var.steps, "restore-constraint") || var.organization != null
    error_message = "steps has restore-constraint, and organization is not set: the right to change organization policies can only be given there."
  }
}

variable "act_as" {
  description = "E-mails of the service accounts that a workload may be given back to (restore-identity). rescind may act as each of them, one by one, and as no other."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for a in var.act_as : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9.-]+\\.iam\\.gserviceaccount\\.com$", a))])
    error_message = "act_as has ${join(", ", var.act_as)}: want e-mails of service accounts that people made, NAME@PROJECT.iam.gserviceaccount.com; a default account is what policies object to."
  }
  validation {
    condition     = alltrue([for a in var.act_as : !endswith(a, "@${var.project}.iam.gserviceaccount.com")])
    error_message = "act_as has an account of the project that rescind runs in: a workload that runs as it could reach rescind's own."
  }
}

variable "image_repositories" {
  description = "Artifact Registry repositories with the images of workloads, projects/P/locations/L/repositories/R: restore-identity makes a new revision, which reads the image."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for r in var.image_repositories : can(regex("^projects/[^/]+/locations/[^/]+/repositories/[^/]+$", r))])
    error_message = "image_repositories has ${join(", ", var.image_repositories)}: want projects/P/locations/L/repositories/R."
  }
}

variable "policy_writes" {
  description = <<-EOT
    Allow policies that rescind may write beyond those of Cloud Run, each for itself: `projects`, `folders`,
    `organizations` or `serviceAccounts` to the roles whose grants it may change there. Who can set an allow policy can
    give themselves anything in it, so the right is given under a condition that holds it to those roles. [unconfirmed]: that Google
    holds every kind of policy to that condition was not tried; where it does not, the right is unlimited. Try it in a
    project of no importance first.
  EOT
  type        = map(set(string))
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for k in keys(var.policy_writes) : contains(keys(local.policies), k)])
    error_message = "policy_writes has ${join(", ", keys(var.policy_writes))}: want some of ${join(", ", keys(local.policies))}."
  }
  validation {
    condition     = alltrue([for roles in values(var.policy_writes) : length(roles) > 0 && alltrue([for r in roles : can(regex("^(roles|projects/[^/]+/roles|organizations/[0-9]+/roles)/[A-Za-z0-9._]+$", r))])])
    error_message = "policy_writes has a kind without roles, or with something that is none: want lists such as [\"roles/editor\", \"roles/owner\"]."
  }
  validation {
    condition     = !contains(keys(var.policy_writes), "folders") || anytrue([for s, l in var.scope : l != "audit" && !startswith(s, "projects/")])
    error_message = "policy_writes has folders, and no folder or organization in scope has the level approve or revert: it would have no effect."
  }
  validation {
    condition     = !contains(keys(var.policy_writes), "organizations") || anytrue([for s, l in var.scope : l != "audit" && startswith(s, "organizations/")])
    error_message = "policy_writes has organizations, and no organization in scope has the level approve or revert: it would have no effect."
  }
}

variable "deployers" {
  description = "Who may deploy what runs or calls as rescind's accounts, such as \"serviceAccount:terraform@ops.iam.gserviceaccount.com\". The allow policies of these accounts name them and nobody else; whoever is an owner of the project needs no entry."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for m in var.deployers : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$", m)) || can(regex("^principal(Set)?://", m))])
    error_message = "deployers has ${join(", ", var.deployers)}: want user:, group: or serviceAccount: with an e-mail, or a principal:// or principalSet://."
  }
}
