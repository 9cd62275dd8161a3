# Who is who: an account for each service, and for each that calls the worker.

locals {
  accounts = merge(
    {
      worker = "judges, and changes what it is allowed to"
      events = "pushes events to the worker, and nothing else"
      sweep  = "has the worker sweep, and nothing else"
    },
    local.answers ? { answers = "pushes answers to the worker, and nothing else" } : {},
    var.slack != null ? { slack = "takes clicks from Slack, and publishes them" } : {},
    var.page != null ? { page = "shows findings behind IAP, and publishes answers" } : {},
  )
  # Of what is configured, so that a plan shows them before they are there.
  emails  = { for k, a in google_service_account.this : k => "${a.account_id}@${a.project}.iam.gserviceaccount.com" }
  members = { for k, email in local.emails : k => "serviceAccount:${email}" }
}

resource "google_service_account" "this" {
  for_each     = local.accounts
  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = "rescind: ${each.value}"
  depends_on   = [google_project_service.needed]
}

# Who may act as them. The policies are authoritative: a grant that somebody adds
# goes away at the next apply. Whoever may by a role on the project still can.
data "google_iam_policy" "act_as" {
  for_each = local.accounts

  # Whoever deploys a service, a push or a job has to be allowed to act as its account.
  dynamic "binding" {
    for_each = length(var.deployers) > 0 ? [1] : []
    content {
      role    = "roles/iam.serviceAccountUser"
      members = var.deployers
    }
  }
  # Pub/Sub signs its pushes as these. It may by its own role, but in projects that
  # are older than that role.
  dynamic "binding" {
    for_each = contains(["events", "answers"], each.key) ? [1] : []
    content {
      role    = "roles/iam.serviceAccountTokenCreator"
      members = [local.pubsub_agent]
    }
  }
}

resource "google_service_account_iam_policy" "act_as" {
  for_each           = google_service_account.this
  service_account_id = "projects/${each.value.project}/serviceAccounts/${local.emails[each.key]}"
  policy_data        = data.google_iam_policy.act_as[each.key].policy_data
}
