# What the module makes of its variables, with a provider that makes things up.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "264172533001" }
  }
  mock_data "google_iam_policy" {
    defaults = { policy_data = "{}" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://service.example.run.app" }
  }
  mock_resource "google_logging_project_sink" {
    defaults = { writer_identity = "serviceAccount:project-sink@gcp-sa-logging.iam.gserviceaccount.com" }
  }
  mock_resource "google_logging_folder_sink" {
    defaults = { writer_identity = "serviceAccount:folder-sink@gcp-sa-logging.iam.gserviceaccount.com" }
  }
  mock_resource "google_logging_organization_sink" {
    defaults = { writer_identity = "serviceAccount:organization-sink@gcp-sa-logging.iam.gserviceaccount.com" }
  }
  mock_resource "google_secret_manager_secret_version" {
    defaults = { version = "1" }
  }
}

variables {
  project               = "ops-rescind"
  region                = "europe-west1"
  image                 = "europe-docker.pkg.dev/ops-rescind/rescind/rescind@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  scope                 = { "projects/pay-dev" = "audit" }
  notification_channels = ["projects/ops-rescind/notificationChannels/1"]
}

run "metrics_go_where_the_environment_says" {
  variables { telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT = "https://collector.example.com:4318" } }
  assert {
    condition     = one([for e in google_cloud_run_v2_service.worker.template[0].containers[0].env : e.value if e.name == "OTEL_EXPORTER_OTLP_ENDPOINT"]) == "https://collector.example.com:4318"
    error_message = "the worker is not told where metrics go"
  }
}

run "audit_holds_no_right_to_write" {
  assert {
    condition = toset(flatten([for r in google_project_iam_custom_role.this : r.permissions])) == toset([
      for p in concat(local.reads.workloads, local.reads.hierarchy) : p if !contains(local.above_projects, p)
    ])
    error_message = "with audit the worker has ${join(", ", flatten([for r in google_project_iam_custom_role.this : r.permissions]))}"
  }
  assert {
    condition = alltrue([
      for p in flatten([for r in google_project_iam_custom_role.this : r.permissions]) :
      can(regex("\\.(get|list|getIamPolicy)$", p))
    ])
    error_message = "with audit the worker may do more than read"
  }
  assert {
    condition     = length(google_service_account_iam_member.given_back) == 0 && length(google_organization_iam_custom_role.this) == 0
    error_message = "with audit the worker may act as somebody"
  }
  assert {
    condition     = keys(google_project_iam_member.worker) == ["projects/pay-dev read_hierarchy", "projects/pay-dev read_workloads"]
    error_message = "with audit the worker is given ${join(", ", keys(google_project_iam_member.worker))}"
  }
  assert {
    condition     = length(google_cloud_run_v2_service.slack) == 0 && length(google_cloud_run_v2_service.page) == 0 && length(google_pubsub_topic.answers) == 0
    error_message = "there is a way for answers, and nobody was to answer"
  }
  assert {
    condition     = !strcontains(google_logging_metric.line["approvals"].filter, "approvers")
    error_message = "there is an alert on nobody who may answer, where nobody was to answer"
  }
}

run "only_sinks_write_events" {
  assert {
    condition     = google_pubsub_topic_iam_binding.writers["events"].members == toset(["serviceAccount:project-sink@gcp-sa-logging.iam.gserviceaccount.com"])
    error_message = "somebody else than the sinks may publish events"
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_binding.worker.members == toset(["serviceAccount:rescind-events@ops-rescind.iam.gserviceaccount.com", "serviceAccount:rescind-sweep@ops-rescind.iam.gserviceaccount.com"])
    error_message = "somebody else may call the worker"
  }
  assert {
    condition     = strcontains(google_logging_project_sink.in["projects/pay-dev events"].filter, "AND NOT protoPayload.authenticationInfo.principalEmail=\"rescind-worker@ops-rescind.iam.gserviceaccount.com\"") && endswith(google_logging_project_sink.in["projects/pay-dev own"].filter, "AND protoPayload.authenticationInfo.principalEmail=\"rescind-worker@ops-rescind.iam.gserviceaccount.com\"")
    error_message = "rescind's own changes have no way of their own"
  }
}

run "the_example_of_a_folder" {
  variables {
    organization = "123456789012"
    scope        = { "folders/4001" = "approve", "folders/4002" = "audit" }
    policies     = file("./examples/folder/policies.yaml")
    slack = {
      team                    = "T0123ABCD"
      routes                  = [{ match = "severity == \"critical\"", channel = "C01ONCALL" }, { channel = "C01SEC" }]
      bot_token_version       = 1
      signing_secret_versions = [2, 1]
    }
    page     = { viewers = ["group:security@example.com"] }
    settings = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } }, guardrails = { grace = "2m" } }
  }
  assert {
    condition = toset(keys(google_folder_iam_member.worker)) == toset(concat(
      [for s in ["folders/4001", "folders/4002"] : "${s} read_workloads"], [for s in ["folders/4001", "folders/4002"] : "${s} read_walk"],
      [for s in ["remove_grants", "require_invoker_iam", "restore_condition", "restore_ingress", "restore_revision"] : "folders/4001 ${s}"],
    ))
    error_message = "the worker is given ${join(", ", keys(google_folder_iam_member.worker))}"
  }
  assert {
    condition     = keys(google_organization_iam_member.worker) == ["organizations/123456789012 read_hierarchy"]
    error_message = "on the organization the worker is given ${join(", ", keys(google_organization_iam_member.worker))}"
  }
  assert {
    condition     = google_pubsub_topic_iam_binding.answers[0].members == toset(["serviceAccount:rescind-slack@ops-rescind.iam.gserviceaccount.com", "serviceAccount:rescind-page@ops-rescind.iam.gserviceaccount.com"])
    error_message = "somebody else than Slack's service and the pages may publish answers"
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_binding.page[0].members == toset(["serviceAccount:service-264172533001@gcp-sa-iap.iam.gserviceaccount.com"])
    error_message = "somebody else than IAP may call the pages"
  }
  assert {
    condition     = alltrue([for s in google_logging_folder_sink.in : s.include_children])
    error_message = "a sink leaves out what is below the folder"
  }
  assert {
    condition     = output.config == file("./tests/rescind.yaml")
    error_message = "rescind.yaml is\n${output.config}"
  }
  assert {
    condition     = { for k, e in google_cloud_run_v2_service.worker.template[0].containers[0].env : e.name => e.value_source[0].secret_key_ref[0].version } == { SLACK_BOT_TOKEN = "1", SLACK_SIGNING_SECRET_1 = "1", SLACK_SIGNING_SECRET_2 = "2" }
    error_message = "the worker is not given the secrets that rescind.yaml names"
  }
}

run "each_right_to_write_allow_policies_is_conditional" {
  variables {
    organization  = "123456789012"
    scope         = { "organizations/123456789012" = "revert" }
    confirm_entry = true
    policy_writes = { projects = ["roles/owner", "roles/editor"], organizations = ["roles/editor"] }
    steps         = ["remove-grants", "restore-identity", "restore-constraint"]
    act_as        = ["pay-api@pay-prod.iam.gserviceaccount.com"]
    settings      = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } } }
  }
  assert {
    condition = { for k, m in google_organization_iam_member.worker : k => one(m.condition[*].expression) if length(m.condition) > 0 } == {
      "organizations/123456789012 write_policies_of_projects"      = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/editor', 'roles/owner'])"
      "organizations/123456789012 write_policies_of_organizations" = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/editor'])"
    }
    error_message = "the conditions are others"
  }
  assert {
    condition     = keys(google_service_account_iam_member.given_back) == ["pay-api@pay-prod.iam.gserviceaccount.com"]
    error_message = "the worker may act as ${join(", ", keys(google_service_account_iam_member.given_back))}"
  }
  assert {
    condition = alltrue([
      for k, r in google_organization_iam_custom_role.this : startswith(k, "write_policies_of_") || !anytrue([
        for p in r.permissions : can(regex("^(resourcemanager|iam)\\..*setIamPolicy$", p))
      ])
    ])
    error_message = "another role may write allow policies, without a condition"
  }
}

run "dead_letters_stay_where_they_are" {
  assert {
    condition     = alltrue([for s in google_pubsub_subscription.dead : length(s.push_config) == 0])
    error_message = "dead letters are pushed, and nobody asked for it"
  }
}

run "dead_letters_are_replayed" {
  variables {
    replay_dead_letters = true
  }
  assert {
    condition     = alltrue([for s in google_pubsub_subscription.dead : s.push_config[0].push_endpoint == "https://service.example.run.app/events"])
    error_message = "dead letters go elsewhere"
  }
}
