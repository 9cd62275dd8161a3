# The pages behind Identity-Aware Proxy: read the store, and publish answers with
# IAP's assertion. IAP alone may call the service.

resource "google_cloud_run_v2_service" "page" {
  count               = var.page == null ? 0 : 1
  project             = var.project
  location            = var.region
  name                = "${var.name}-page"
  description         = "rescind: shows findings to people behind IAP."
  deletion_protection = var.deletion_protection
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = true

  template {
    service_account                  = local.emails.page
    timeout                          = "60s"
    max_instance_request_concurrency = 80

    scaling {
      min_instance_count = 0
      max_instance_count = 4
    }

    containers {
      image = var.image
      args  = ["serve", "--config", local.files.config, "--role", "page", "--log-format", "json"]

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

  depends_on = [google_service_account_iam_policy.act_as, google_secret_manager_secret_iam_member.reads, google_pubsub_topic_iam_binding.answers, google_project_iam_member.store]
}

resource "google_cloud_run_v2_service_iam_binding" "page" {
  count    = var.page == null ? 0 : 1
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.page[0].name
  role     = "roles/run.invoker"
  members  = [local.iap_agent]
}

resource "google_iap_web_cloud_run_service_iam_binding" "viewers" {
  count                  = var.page == null ? 0 : 1
  project                = var.project
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.page[0].name
  role                   = "roles/iap.httpsResourceAccessor"
  members                = var.page.viewers
}
