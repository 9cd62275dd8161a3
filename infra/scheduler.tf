# Once a minute the worker does what is due: expiries, retries, pages, what is owed
# a judgement, a step of the scan. Where the CPU is away between requests this is
# the only clock that rescind has.

resource "google_cloud_scheduler_job" "sweep" {
  project          = var.project
  region           = var.region
  name             = "${var.name}-sweep"
  description      = "Has rescind do what is due."
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s" # a sweep goes on for up to two minutes; one that failed is not retried, as the next minute is soon

  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.worker.uri}/sweep"
    oidc_token {
      service_account_email = local.emails.sweep
      audience              = local.audience
    }
  }
  depends_on = [google_project_service.needed, google_service_account_iam_policy.act_as, google_cloud_run_v2_service_iam_binding.worker]
}
