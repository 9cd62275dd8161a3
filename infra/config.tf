# rescind.yaml, which all services read, and the secrets.

locals {
  # Cloud Run checks that a token is for this, and so does rescind.
  audience = local.address.worker

  config = yamlencode(merge(
    {
      policies   = var.policies == null ? [] : ["/etc/rescind/policies/policies.yaml"]
      scope      = { include = sort(keys(var.scope)), exclude = sort(var.scope_exclude) }
      identity   = local.emails.worker
      store      = "firestore://${var.project}/${google_firestore_database.store.name}"
      push       = local.push
      guardrails = merge(try(var.settings.guardrails, {}), { confirm_entry = var.confirm_entry })
    },
    { for k, v in var.settings : k => v if k != "guardrails" },
    {
      for k, v in {
        answers_topic   = one([for t in google_pubsub_topic.answers : "projects/${t.project}/topics/${t.name}"])
        decisions_topic = one([for t in google_pubsub_topic.decisions : "projects/${t.project}/topics/${t.name}"])
        base_url        = local.base_url
        iap             = one([for p in var.page[*] : { audience = "/projects/${local.number}/locations/${var.region}/services/${var.name}-page" }])
        slack           = local.slack
      } : k => v if v != null
    },
  ))
  push = {
    for k, v in {
      audience        = local.audience
      service_account = local.emails.events
      sweep_account   = local.emails.sweep
      answers_account = lookup(local.emails, "answers", null)
    } : k => v if v != null
  }
  slack = one([for s in var.slack[*] : {
    for k, v in {
      team            = s.team
      app_id          = s.app_id
      bot_token       = { env = "SLACK_BOT_TOKEN" }
      signing_secrets = [for v in s.signing_secret_versions : { env = "SLACK_SIGNING_SECRET_${v}" }]
      routes          = [for r in s.routes : { for k, v in r : k => v if v != null }]
      fallback_after  = s.fallback_after
      digest_above    = s.digest_above
    } : k => v if v != null
  }])
  base_url = var.page == null ? null : coalesce(var.page.base_url, local.address.page)
}

# No secret is in it, but Cloud Run mounts files from nowhere else. A change makes
# a new version, and so a new revision of each service.
resource "google_secret_manager_secret" "config" {
  for_each  = toset(concat(["config"], var.policies == null ? [] : ["policies"]))
  project   = var.project
  secret_id = "${var.name}-${each.key}"
  replication {
    auto {}
  }
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "config" {
  for_each        = google_secret_manager_secret.config
  secret          = each.value.id
  secret_data     = { config = local.config, policies = var.policies }[each.key]
  deletion_policy = "ABANDON" # an instance that starts while this is applied still reads the one before

  lifecycle {
    create_before_destroy = true
    precondition {
      condition     = length(local.stronger) == 0
      error_message = "Policies act harder than scope allows anywhere, and each such revert would end as blocked: ${join("; ", local.stronger)}. Raise the level of a scope, or weaken the policy."
    }
    precondition {
      condition     = !local.may_write || !local.watches_itself || var.slack == null || try(strcontains(var.policies, "${var.name}-slack"), false)
      error_message = "The scope holds rescind's own project, where anybody may invoke ${var.name}-slack: policies object to that, and a revert would close the way that answers take. Exempt it from no-public-invoker in policies, or name the project in scope_exclude."
    }
    precondition {
      condition     = !local.may_write || can(var.settings.approvals.approvers)
      error_message = "A scope has the level approve or revert, and settings.approvals.approvers is not set: nobody could answer, or undo a revert. Say who may."
    }
  }
}

locals {
  # Of a folder it is not known what it holds.
  watches_itself = !contains(var.scope_exclude, "projects/${var.project}") && (
    contains(keys(var.scope), "projects/${var.project}") || length(local.containers.organizations) > 0
  )

  # Which policies act harder than the level of any scope. Levels are ordered by
  # how hard they act.
  rank     = { audit = 0, approve = 1, revert = 2 }
  greatest = max([for level in values(var.scope) : lookup(local.rank, level, 0)]...)
  stronger = flatten([
    for p in try(yamldecode(var.policies).policies, []) : [
      for e in concat([try(p.enforcement, "audit")], [for o in try(p.overrides, []) : try(o.enforcement, "audit")]) :
      "${p.name} says ${e}" if lookup(local.rank, e, 0) > local.greatest
    ]
  ])
}

# Secrets that only people know. They are made empty and filled by hand, so that
# no plan and no state ever holds one:
#   gcloud secrets versions add rescind-slack-bot-token --data-file=-
resource "google_secret_manager_secret" "filled" {
  for_each  = toset(["slack-bot-token", "slack-signing-secret", "pagerduty-key"])
  project   = var.project
  secret_id = "${var.name}-${each.key}"
  replication {
    auto {}
  }
  depends_on = [google_project_service.needed]
}

locals {
  # Who reads which secret.
  readers = merge(
    { for pair in setproduct(keys(google_secret_manager_secret.config), local.services) : "${pair[0]} ${pair[1]}" => pair },
    var.slack == null ? {} : {
      for pair in setproduct(["slack-bot-token", "slack-signing-secret"], ["worker", "slack"]) : "${pair[0]} ${pair[1]}" => pair
    },
    var.pagerduty_key_version == null ? {} : { "pagerduty-key worker" = ["pagerduty-key", "worker"] },
  )
  services = concat(["worker"], var.slack != null ? ["slack"] : [], var.page != null ? ["page"] : [])
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each  = local.readers
  project   = var.project
  secret_id = merge(google_secret_manager_secret.config, google_secret_manager_secret.filled)[each.value[0]].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value[1]]
}
