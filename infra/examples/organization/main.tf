# A whole organization where some changes are reverted unasked, with Slack and the
# pages behind IAP. It may also take Editor and Owner away from whom a project grants
# them, and give workloads back to two accounts.

terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
}

provider "google" {
  project = "ops-rescind"
  region  = "europe-west1"
}

module "rescind" {
  source = "../.." # github.com/rescind-dev/rescind//infra?ref=COMMIT

  project      = "ops-rescind"
  region       = "europe-west1"
  image        = "europe-docker.pkg.dev/ops-rescind/rescind/rescind@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  organization = "123456789012"

  scope         = { "organizations/123456789012" = "revert" }
  scope_exclude = ["projects/break-glass"]
  policies      = file("${path.module}/policies.yaml")
  confirm_entry = true

  steps              = ["remove-grants", "require-invoker-iam", "restore-identity", "restore-revision"]
  act_as             = ["pay-api@pay-prod.iam.gserviceaccount.com", "pay-queue@pay-prod.iam.gserviceaccount.com"]
  image_repositories = ["projects/pay-prod/locations/europe-west1/repositories/images"]
  policy_writes      = { projects = ["roles/editor", "roles/owner"] }

  slack = {
    team                    = "T0123ABCD"
    routes                  = [{ channel = "C01SEC" }]
    bot_token_version       = 1
    signing_secret_versions = [2, 1] # while one replaces the other
  }
  page = { viewers = ["group:security@example.com"] }
  settings = {
    approvals  = { approvers = { google_groups = ["approvers@example.com"], domains = ["example.com"] } }
    guardrails = { max_reverts = { total_per_hour = 10 }, grace = "2m" }
  }

  worker_always_on      = true
  decisions_feed        = true
  asset_search          = true
  notification_channels = ["projects/ops-rescind/notificationChannels/1234567890"]
}

output "config" { value = module.rescind.config }
output "rights" { value = module.rescind.rights }
output "slack_url" { value = module.rescind.slack_url }
output "page_url" { value = module.rescind.page_url }
