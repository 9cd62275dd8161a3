output "config" {
  description = "rescind.yaml as the services read it, for `rescind` on your own machine. It holds no secret."
  value       = local.config
}

output "slack_url" {
  description = "Where Slack reaches rescind: rescind slack manifest --url."
  value       = one(google_cloud_run_v2_service.slack[*].uri)
}

output "page_url" {
  description = "Where people find the pages."
  value       = local.base_url
}

output "worker_url" {
  description = "Where the worker is; only Pub/Sub and the scheduler reach it."
  value       = google_cloud_run_v2_service.worker.uri
}

output "worker" {
  description = "E-mail of the account that holds the rights."
  value       = local.emails.worker
}

output "secrets" {
  description = "The secrets to fill: gcloud secrets versions add NAME --data-file=-"
  value       = [for s in google_secret_manager_secret.filled : s.secret_id]
}

output "events_topic" {
  description = "Topic that the sinks write to."
  value       = google_pubsub_topic.in["events"].id
}

output "decisions_topic" {
  description = "Topic of the decision feed, or null."
  value       = one(google_pubsub_topic.decisions[*].id)
}

output "dead_letters" {
  description = "Subscriptions with what was given up: docs/playbooks/dead-letters.md."
  value       = [for s in google_pubsub_subscription.dead : s.id]
}

output "rights" {
  description = "Every role that the worker holds, and where."
  value       = { for k, g in local.all_grants : k => { on = g.on, role = local.role_of[k], condition = g.condition } }
}
