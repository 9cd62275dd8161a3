# What somebody has to look at, each with a page in docs/playbooks/. A test holds
# the words of each filter to the lines that rescind logs.

locals {
  docs = "https://github.com/rescind-dev/rescind/blob/main/docs/playbooks"

  # Lines of the worker that an alert counts. Rescind logs in JSON, so a line is jsonPayload.
  lines = {
    reverts = {
      filter = "jsonPayload.message=\"audit\" AND jsonPayload.kind=(\"failed\" OR \"blocked\")"
      says   = "A revert failed, or rescind was not allowed to make it."
      page   = "failed-reverts"
      rank   = "ERROR"
    }
    identity = {
      filter = "severity=\"ERROR\" AND (jsonPayload.message=\"alarm\" OR jsonPayload.message=\"alarm, and too many are owed to announce it\")"
      says   = "Rescind raised an alarm: a change in its name that no finding made, or a change that could not be judged for a day."
      page   = "identity"
      rank   = "CRITICAL"
    }
    owed = {
      filter = "jsonPayload.message=\"changes are owed a judgement\" AND jsonPayload.oldest_seconds>600"
      says   = "A change has waited for its judgement for more than ten minutes."
      page   = "owed"
      rank   = "WARNING"
    }
    approvals = {
      # Where nobody is to answer yet, rescind says so at each start.
      filter = (can(var.settings.approvals.approvers)
        ? "jsonPayload.message=(\"the approval path is broken\" OR \"nobody could be told of a finding\" OR \"approvers\") AND severity=\"ERROR\""
      : "jsonPayload.message=(\"the approval path is broken\" OR \"nobody could be told of a finding\") AND severity=\"ERROR\"")
      says = "People cannot be told, or cannot answer."
      page = "approval-path"
      rank = "ERROR"
    }
  }
  of_worker = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloud_run_v2_service.worker.name}\""

  # What an alert says of Pub/Sub and of the sweep, as PromQL. A series that never was
  # counts as nothing: a sink that never worked is an outage, too.
  queries = {
    dead-letters = {
      query = "max by (subscription_id) (pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=~\"${join("|", [for s in google_pubsub_subscription.dead : s.name])}\"}) > 0"
      says  = "Messages were given up and lie in the dead letters: changes that nobody judged, or answers that nobody took."
      page  = "dead-letters"
      rank  = "ERROR"
      after = "60s"
    }
    no-events = {
      query = "(sum(increase(pubsub_googleapis_com:topic_send_message_operation_count{monitored_resource=\"pubsub_topic\",topic_id=\"${google_pubsub_topic.in["events"].name}\"}[${var.quiet_minutes}m])) or vector(0)) < 1"
      says  = "No event has come for ${var.quiet_minutes} minutes."
      page  = "no-events"
      rank  = "ERROR"
      after = "300s"
    }
    oldest-message = {
      query = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=~\"${join("|", [for s in google_pubsub_subscription.push : s.name])}\"}) > 600"
      says  = "A message has waited for more than ten minutes to be taken."
      page  = "oldest-message"
      rank  = "ERROR"
      after = "120s"
    }
    no-sweep = {
      query = "(sum(increase(${local.counted.sweeps}[10m])) or vector(0)) < 1"
      says  = "The worker has not swept for ten minutes: nothing expires, escalates or is tried again."
      page  = "no-sweep"
      rank  = "CRITICAL"
      after = "120s"
    }
  }
}

resource "google_logging_metric" "line" {
  for_each    = local.lines
  project     = var.project
  name        = "${var.name}-${each.key}"
  description = each.value.says
  filter      = "${local.of_worker} AND ${each.value.filter}"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.needed]
}

# A sweep that failed has the same words, and is an error.
resource "google_logging_metric" "sweeps" {
  project     = var.project
  name        = "${var.name}-sweeps"
  description = "Sweeps that came to their end."
  filter      = "${local.of_worker} AND jsonPayload.message=\"sweep\" AND severity=\"INFO\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "line" {
  for_each              = var.alerts ? local.lines : {}
  project               = var.project
  display_name          = "${var.name}: ${each.value.page}"
  combiner              = "OR"
  severity              = each.value.rank
  notification_channels = var.notification_channels

  conditions {
    display_name = each.value.says
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.line[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
      trigger { count = 1 }
    }
  }
  alert_strategy { auto_close = "86400s" }
  documentation {
    subject = "${var.name}: ${each.value.says}"
    content = "${each.value.says}\n\nWhat to do: ${local.docs}/${each.value.page}.md"
  }
}

resource "google_monitoring_alert_policy" "query" {
  for_each              = var.alerts ? local.queries : {}
  project               = var.project
  display_name          = "${var.name}: ${each.value.page}"
  combiner              = "OR"
  severity              = each.value.rank
  notification_channels = var.notification_channels

  conditions {
    display_name = each.value.says
    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.after
      evaluation_interval       = "60s"
      disable_metric_validation = true # a metric is only known once there was something to count
    }
  }
  alert_strategy { auto_close = "86400s" }
  documentation {
    subject = "${var.name}: ${each.value.says}"
    content = "${each.value.says}\n\nWhat to do: ${local.docs}/${each.value.page}.md"
  }
  depends_on = [google_project_service.needed]
}
