# The worker: what decides and changes. Pub/Sub and the scheduler reach it, and
# nobody else; which of them calls which path, rescind checks by the account.

locals {
  # What each service that runs Slack's code is told, as environment variables.
  slack_env = var.slack == null ? {} : merge(
    { SLACK_BOT_TOKEN = { secret = "slack-bot-token", version = var.slack.bot_token_version } },
    { for v in var.slack.signing_secret_versions : "SLACK_SIGNING_SECRET_${v}" => { secret = "slack-signing-secret", version = v } },
  )
  worker_env = merge(local.slack_env, var.pagerduty_key_version == null ? {} : {
    PAGERDUTY_KEY = { secret = "pagerduty-key", version = var.pagerduty_key_version }
  })
  # Files that each service reads: a secret to its file.
  files = { config = "/etc/rescind/config/rescind.yaml", policies = "/etc/rescind/policies/policies.yaml" }
}

resource "google_cloud_run_v2_service" "worker" {
  project             = var.project
  location            = var.region
  name                = "${var.name}-worker"
  description         = "rescind: judges changes, and reverts or asks."
  deletion_protection = var.deletion_protection
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY" # Pub/Sub and the scheduler of this project are inside
  custom_audiences    = [local.audience]

  template {
    service_account                  = local.emails.worker
    timeout                          = "600s" # as long as Pub/Sub waits
    max_instance_request_concurrency = 128    # what one process works on at once

    scaling {
      min_instance_count = var.worker_always_on ? 1 : 0
      max_instance_count = var.worker_max_instances
    }

    containers {
      image = var.image
      args  = ["serve", "--config", local.files.config, "--role", "worker", "--log-format", "json"]

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = !var.worker_always_on
        startup_cpu_boost = true
      }
      startup_probe {
        period_seconds    = 1
        failure_threshold = 30
        http_get { path = "/ready" }
      }
      liveness_probe {
        http_get { path = "/health" }
      }

      dynamic "env" {
        for_each = local.worker_env
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.filled[env.value.secret].secret_id
              version = tostring(env.value.version)
            }
          }
        }
      }
      dynamic "env" {
        for_each = var.telemetry
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "volume_mounts" {
        for_each = google_secret_manager_secret_version.config
        content {
          name       = volume_mounts.key
          mount_path = dirname(local.files[volume_mounts.key])
        }
      }
    }

    dynamic "volumes" {
      for_each = google_secret_manager_secret_version.config
      content {
        name = volumes.key
        secret {
          secret       = google_secret_manager_secret.config[volumes.key].secret_id
          default_mode = 292 # 0444
          items {
            path    = basename(local.files[volumes.key])
            version = volumes.value.version
          }
        }
      }
    }
  }

  depends_on = [google_service_account_iam_policy.act_as, google_secret_manager_secret_iam_member.reads, google_project_iam_member.store]
}

# Authoritative: whoever else is given the right to call it loses that again.
resource "google_cloud_run_v2_service_iam_binding" "worker" {
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.worker.name
  role     = "roles/run.invoker"
  members  = [for k in ["events", "answers", "sweep"] : local.members[k] if contains(keys(local.members), k)]
}
