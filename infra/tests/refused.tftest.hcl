# What would be a silent outage, or a right too many, is an error of the plan.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "264172533001" }
  }
  mock_data "google_iam_policy" {
    defaults = { policy_data = "{}" }
  }
}

variables {
  project               = "ops-rescind"
  region                = "europe-west1"
  image                 = "europe-docker.pkg.dev/ops-rescind/rescind/rescind@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  scope                 = { "projects/pay-dev" = "audit" }
  notification_channels = ["projects/ops-rescind/notificationChannels/1"]
}

run "a_project_by_its_number" {
  command = plan
  variables { project = "264172533001" }
  expect_failures = [var.project]
}
run "a_zone_for_a_region" {
  command = plan
  variables { region = "europe-west1-b" }
  expect_failures = [var.region]
}
run "an_image_by_a_tag" {
  command = plan
  variables { image = "europe-docker.pkg.dev/ops-rescind/rescind/rescind:latest" }
  expect_failures = [var.image]
}
run "a_secret_in_the_environment" {
  command = plan
  variables { telemetry = { OTEL_EXPORTER_OTLP_HEADERS = "authorization=k3y" } }
  expect_failures = [var.telemetry]
}
run "an_environment_that_is_not_of_metrics" {
  command = plan
  variables { telemetry = { PORT = "1" } }
  expect_failures = [var.telemetry]
}
run "nothing_to_watch" {
  command = plan
  variables { scope = {} }
  expect_failures = [var.scope]
}
run "a_folder_by_its_name" {
  command = plan
  variables { scope = { "folders/pay" = "audit" } }
  expect_failures = [var.scope]
}
run "a_level_that_is_none" {
  command = plan
  variables { scope = { "projects/pay-dev" = "ask" } }
  expect_failures = [var.scope]
}
run "a_folder_without_the_organization" {
  command = plan
  variables { scope = { "folders/4001" = "audit" } }
  expect_failures = [var.scope]
}
run "an_organization_and_what_is_in_it" {
  command = plan
  variables {
    scope        = { "organizations/77" = "audit", "folders/4001" = "audit" }
    organization = "77"
  }
  expect_failures = [var.scope]
}
run "a_scope_that_is_left_out_again" {
  command = plan
  variables { scope_exclude = ["projects/pay-dev"] }
  expect_failures = [var.scope_exclude]
}
run "policies_that_are_none" {
  command = plan
  variables { policies = "name: no-public-invoker" }
  expect_failures = [var.policies]
}
run "a_policy_that_reverts_where_nothing_may_be_written" {
  command = plan
  variables { policies = "apiVersion: rescind/v1\npolicies: [{name: no-public-invoker, overrides: [{scope: projects/pay-dev, enforcement: revert}]}]\n" }
  expect_failures = [google_secret_manager_secret_version.config]
}
run "rights_to_write_and_nobody_who_could_answer" {
  command = plan
  variables { scope = { "projects/pay-dev" = "approve" } }
  expect_failures = [google_secret_manager_secret_version.config]
}
run "a_key_that_the_module_writes" {
  command = plan
  variables { settings = { identity = "me@example.com" } }
  expect_failures = [var.settings]
}
run "a_step_that_is_none" {
  command = plan
  variables { steps = ["remove-everything"] }
  expect_failures = [var.steps]
}
run "an_identity_to_go_back_to_that_nobody_named" {
  command = plan
  variables {
    scope    = { "projects/pay-dev" = "approve" }
    steps    = ["restore-identity"]
    settings = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } } }
  }
  expect_failures = [var.steps]
}
run "the_default_account_to_go_back_to" {
  command = plan
  variables { act_as = ["264172533001-compute@developer.gserviceaccount.com"] }
  expect_failures = [var.act_as]
}
run "policies_of_folders_where_there_is_none" {
  command = plan
  variables { policy_writes = { folders = ["roles/editor"] } }
  expect_failures = [var.policy_writes]
}
run "policies_without_the_roles" {
  command = plan
  variables { policy_writes = { projects = [] } }
  expect_failures = [var.policy_writes]
}
run "alerts_that_reach_nobody" {
  command = plan
  variables { notification_channels = [] }
  expect_failures = [var.notification_channels]
}
run "pages_for_everybody" {
  command = plan
  variables { page = { viewers = ["allUsers"] } }
  expect_failures = [var.page]
}
run "slack_with_a_channel_by_its_name" {
  command = plan
  variables {
    slack    = { team = "T0123ABCD", routes = [{ channel = "#security" }], bot_token_version = 1, signing_secret_versions = [1] }
    settings = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } } }
  }
  expect_failures = [var.slack]
}
run "slack_and_nobody_who_may_answer" {
  command = plan
  variables {
    slack = { team = "T0123ABCD", routes = [{ channel = "C01SEC" }], bot_token_version = 1, signing_secret_versions = [1] }
  }
  expect_failures = [var.slack]
}
run "its_own_slack_service_is_reverted" {
  command = plan
  variables {
    organization = "77"
    scope        = { "organizations/77" = "approve" }
    slack        = { team = "T0123ABCD", routes = [{ channel = "C01SEC" }], bot_token_version = 1, signing_secret_versions = [1] }
    settings     = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } } }
  }
  expect_failures = [google_secret_manager_secret_version.config]
}
run "reverts_of_what_nobody_confirms" {
  command = plan
  variables {
    scope    = { "projects/pay-dev" = "revert" }
    settings = { approvals = { approvers = { users = { U01 = "user:ada@example.com" } } } }
  }
  expect_failures = [check.what_reverts_is_confirmed]
}
run "a_pager_without_its_key" {
  command = plan
  variables {
    settings = { approvals = { escalation = { pagerduty = { routing_key = { env = "PAGERDUTY_KEY" } } } } }
  }
  expect_failures = [var.pagerduty_key_version]
}
