# One page to look at: does it get events, does it keep up, what did it do. It has
# what Google counts by itself and the lines that alerts count.

locals {
  # A place and a title to what is shown there, as PromQL; three stand in a row. The names
  # of metrics are as Google's pages have them; none was seen [unconfirmed].
  charts = {
    "1 Events from the sinks, a minute" = "sum by (topic_id) (rate(pubsub_googleapis_com:topic_send_message_operation_count{monitored_resource=\"pubsub_topic\",topic_id=~\"${var.name}-(events|own|answers)\"}[5m])) * 60"
    "2 Oldest message, seconds"         = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=~\"${var.name}-.*\"})"
    "3 Dead letters"                    = "max by (subscription_id) (pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=~\"${var.name}-.*-dead\"})"
    "4 Requests, a minute, by answer"   = "sum by (service_name, response_code_class) (rate(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=~\"${var.name}-.*\"}[5m])) * 60"
    "5 Slowest of 20 requests, ms"      = "histogram_quantile(0.95, sum by (service_name, le) (rate(run_googleapis_com:request_latencies_bucket{monitored_resource=\"cloud_run_revision\",service_name=~\"${var.name}-.*\"}[5m])))"
    "6 Instances"                       = "sum by (service_name) (run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\",service_name=~\"${var.name}-.*\"})"
    "7 Sweeps in ten minutes"           = "sum(increase(${local.counted.sweeps}[10m]))"
    "8 Reverts that failed, an hour"    = "sum(increase(${local.counted.reverts}[1h]))"
    "9 Alarms, an hour"                 = "sum(increase(${local.counted.identity}[1h]))"
  }
  # The name in PromQL of each metric that counts lines.
  counted = {
    for k, m in merge(google_logging_metric.line, { sweeps = google_logging_metric.sweeps }) :
    k => "logging_googleapis_com:user_${replace(m.name, "-", "_")}{monitored_resource=\"cloud_run_revision\"}"
  }
}

resource "google_monitoring_dashboard" "rescind" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = var.name
    mosaicLayout = {
      columns = 48
      tiles = [for i, title in keys(local.charts) : merge(
        { width = 16, height = 14, widget = {
          title = substr(title, 2, -1)
          xyChart = { dataSets = [{
            plotType        = "LINE"
            targetAxis      = "Y1"
            timeSeriesQuery = { prometheusQuery = local.charts[title] }
          }] }
        } },
        # Google leaves out what is 0.
        i % 3 == 0 ? {} : { xPos = i % 3 * 16 }, i < 3 ? {} : { yPos = floor(i / 3) * 14 },
      )]
    }
  })
  depends_on = [google_project_service.needed]
}
