# One project, at the level audit: rescind reads, and may change nothing. Findings
# are logged, as there is no Slack yet.

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

  project = "ops-rescind"
  region  = "europe-west1"
  image   = "europe-docker.pkg.dev/ops-rescind/rescind/rescind@sha256:0000000000000000000000000000000000000000000000000000000000000000"

  scope = { "projects/pay-dev" = "audit" }

  quiet_minutes         = 1440 # one project may well be quiet for hours
  notification_channels = ["projects/ops-rescind/notificationChannels/1234567890"]
}

output "config" { value = module.rescind.config }
output "rights" { value = module.rescind.rights }
