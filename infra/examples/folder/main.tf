# A folder where people are asked, with Slack. Run `rescind slack manifest` on the
# output slack_url, as docs/slack.md says.

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

  scope    = { "folders/4001" = "approve" }
  policies = file("${path.module}/policies.yaml")

  slack = {
    team                    = "T0123ABCD"
    app_id                  = "A0123ABCD"
    routes                  = [{ match = "severity == \"critical\"", channel = "C01ONCALL" }, { channel = "C01SEC" }]
    bot_token_version       = 1
    signing_secret_versions = [1]
  }
  settings = {
    approvals = {
      approvers  = { users = { U01 = "user:ada@example.com", U02 = "user:bob@example.com" } }
      expires_in = "4h"
    }
  }

  notification_channels = ["projects/ops-rescind/notificationChannels/1234567890"]
}

output "config" { value = module.rescind.config }
output "rights" { value = module.rescind.rights }
output "slack_url" { value = module.rescind.slack_url }
