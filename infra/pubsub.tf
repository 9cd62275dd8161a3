# Topics, who may publish to each, and the push to the worker.
#
# Each binding is authoritative: what else may publish is taken away at the next
# apply. Owners and editors of the project still can, by their basic role; that is
# why the project is one of its own.

resource "google_pubsub_topic" "in" {
  for_each   = toset(["events", "own"])
  project    = var.project
  name       = "${var.name}-${each.key}"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_binding" "writers" {
  for_each = google_pubsub_topic.in
  project  = var.project
  topic    = each.value.name
  role     = "roles/pubsub.publisher"
  members  = local.writers[each.key]
}

resource "google_pubsub_topic" "answers" {
  count      = local.answers ? 1 : 0
  project    = var.project
  name       = "${var.name}-answers"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_binding" "answers" {
  count   = local.answers ? 1 : 0
  project = var.project
  topic   = google_pubsub_topic.answers[0].name
  role    = "roles/pubsub.publisher"
  members = concat(
    var.slack != null ? [local.members.slack] : [],
    var.page != null ? [local.members.page] : [],
  )
}

resource "google_pubsub_topic" "decisions" {
  count      = var.decisions_feed ? 1 : 0
  project    = var.project
  name       = "${var.name}-decisions"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_binding" "decisions" {
  count   = var.decisions_feed ? 1 : 0
  project = var.project
  topic   = google_pubsub_topic.decisions[0].name
  role    = "roles/pubsub.publisher"
  members = [local.members.worker]
}

locals {
  # What is pushed to the worker: from which topic, to which path, as whom, and for
  # how long Pub/Sub keeps what the worker does not take. An answer counts for an hour.
  pushes = merge(
    {
      events = { topic = google_pubsub_topic.in["events"].id, path = "/events", account = "events", keep = "604800s", wait = "600s" }
      own    = { topic = google_pubsub_topic.in["own"].id, path = "/events", account = "events", keep = "604800s", wait = "600s" }
    },
    local.answers ? {
      answers = { topic = google_pubsub_topic.answers[0].id, path = "/answers", account = "answers", keep = "86400s", wait = "60s" }
    } : {},
  )
}

resource "google_pubsub_subscription" "push" {
  for_each                   = local.pushes
  project                    = var.project
  name                       = "${var.name}-${each.key}"
  topic                      = each.value.topic
  ack_deadline_seconds       = 600 # as long as a request may be worked on
  message_retention_duration = each.value.keep

  expiration_policy { ttl = "" } # never, however quiet it is

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.worker.uri}${each.value.path}"
    # Wrapped, as it is by default: unwrapped, the publisher would say when a message was published.
    oidc_token {
      service_account_email = local.emails[each.value.account]
      audience              = local.audience
    }
  }

  retry_policy {
    minimum_backoff = "5s"
    maximum_backoff = each.value.wait
  }

  # A message is answered 503 for as long as there is no room, or the store does not
  # answer, so this is the most that Pub/Sub allows: with waits of up to ten
  # minutes, the better part of a day.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = 100
  }

  lifecycle {
    precondition {
      condition     = startswith(google_cloud_run_v2_service.worker.uri, "https://")
      error_message = "The worker has no https address (\"${google_cloud_run_v2_service.worker.uri}\"), so nothing could be pushed to it."
    }
  }
  depends_on = [google_service_account_iam_policy.act_as, google_cloud_run_v2_service_iam_binding.worker, google_pubsub_topic_iam_binding.dead]
}

# Pub/Sub takes what it moves to the dead letters from the subscription. Nobody else
# may pull from it, or seek it back.
resource "google_pubsub_subscription_iam_binding" "push" {
  for_each     = google_pubsub_subscription.push
  project      = var.project
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  members      = [local.pubsub_agent]
}

# What was not taken in all that time. See docs/playbooks/dead-letters.md.
resource "google_pubsub_topic" "dead" {
  for_each   = toset(concat(["events", "own"], local.answers ? ["answers"] : []))
  project    = var.project
  name       = "${var.name}-${each.key}-dead"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_binding" "dead" {
  for_each = google_pubsub_topic.dead
  project  = var.project
  topic    = each.value.name
  role     = "roles/pubsub.publisher"
  members  = [local.pubsub_agent]
}

resource "google_pubsub_subscription" "dead" {
  for_each                   = google_pubsub_topic.dead
  project                    = var.project
  name                       = each.value.name
  topic                      = each.value.id
  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s" # 31 days, the most there is

  expiration_policy { ttl = "" } # or nobody would be told of the first dead letter in a month

  dynamic "push_config" {
    for_each = var.replay_dead_letters && each.key != "answers" ? [1] : []
    content {
      push_endpoint = "${google_cloud_run_v2_service.worker.uri}/events"
      oidc_token {
        service_account_email = local.emails.events
        audience              = local.audience
      }
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
}
