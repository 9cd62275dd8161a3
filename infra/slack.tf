# What Slack reaches: verifies what Slack signed, and publishes it. It has no store,
# and no right in Google Cloud but to publish. Whether a request is Slack's is told
# by its signature, so anybody may call it.

resource "google_cloud_run_v2_service" "slack" {
  count               = var.slack == null ? 0 : 1
  project             = var.project
  location            = var.region
  name                = "${var.name}-slack"
  description         = "rescind: takes clicks from Slack, and passes them on."
  deletion_protection = var.deletion_protection
  ingress             = "INGRESS_TRAFFIC_ALL"

  template {
    service_account                  = local.emails.slack
    timeout                          = "30s"
    max_instance_request_concurrency = 80

    scaling {
      min_instance_count = var.slack.min_instances # Slack waits for three seconds
      max_instance_count = 4                       # what strangers can have running
    }

    containers {
      image = var.image
      args  = ["serve", "--config", local.files.config, "--role", "slack", "--log-format", "json"]

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true # it does nothing between requests
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
        for_each = local.slack_env
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

  depends_on = [google_service_account_iam_policy.act_as, google_secret_manager_secret_iam_member.reads, google_pubsub_topic_iam_binding.answers]
}

resource "google_cloud_run_v2_service_iam_binding" "slack" {
  count    = var.slack == null ? 0 : 1
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.slack[0].name
  role     = "roles/run.invoker"
  members  = ["allUsers"]
}
