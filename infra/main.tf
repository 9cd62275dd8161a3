# What the other files share: names, and which parts there are.

data "google_project" "own" {
  project_id = var.project
  depends_on = [google_project_service.needed]
}

locals {
  number = data.google_project.own.number

  # Google's own accounts that act for this project.
  pubsub_agent = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  iap_agent    = "serviceAccount:service-${local.number}@gcp-sa-iap.iam.gserviceaccount.com"

  # A service has this address from its first deploy on, so that the
  # configuration can name it before it is there.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  address = { for s in ["worker", "slack", "page"] : s => "https://${var.name}-${s}-${local.number}.${var.region}.run.app" }

  containers = {
    for kind in ["projects", "folders", "organizations"] :
    kind => toset([for s in keys(var.scope) : s if startswith(s, "${kind}/")])
  }
  writable  = toset([for s, level in var.scope : s if level != "audit"])
  may_write = length([for level in values(var.scope) : level if level != "audit"]) > 0

  # People answer somewhere else than where things are changed.
  answers = var.slack != null || var.page != null

  apis = concat([
    "cloudfunctions.googleapis.com", "cloudidentity.googleapis.com", "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com", "firestore.googleapis.com", "iam.googleapis.com", "logging.googleapis.com",
    "monitoring.googleapis.com", "orgpolicy.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com",
    "secretmanager.googleapis.com",
    ],
    var.asset_search ? ["cloudasset.googleapis.com"] : [],
    var.page != null ? ["iap.googleapis.com"] : [],
  )
}

resource "google_project_service" "needed" {
  for_each           = toset(var.enable_apis ? local.apis : [])
  project            = var.project
  service            = each.key
  disable_on_destroy = false
}
