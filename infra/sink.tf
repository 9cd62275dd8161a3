# What reaches rescind: the admin activity log of the scope, by service and log id.
# Not by method: their names differ between versions and clients, and new ones come.
# rescind knows which are changes, and drops the rest.

locals {
  # The services whose changes rescind reads: internal/auditlog/services.go.
  watched = [
    "cloudfunctions.googleapis.com", "cloudresourcemanager.googleapis.com", "iam.googleapis.com",
    "orgpolicy.googleapis.com", "run.googleapis.com",
  ]
  admin_activity = join(" AND ", [
    "log_id(\"cloudaudit.googleapis.com/activity\")",
    "protoPayload.serviceName=(${join(" OR ", [for s in local.watched : "\"${s}\""])})",
  ])
  by_rescind = "protoPayload.authenticationInfo.principalEmail=\"${local.emails.worker}\""

  # What bears rescind's name takes a way of its own, so that it can neither start
  # a loop nor stand in line before other changes. It is still looked at: a change
  # in rescind's name that no finding explains is an alarm.
  filters = {
    events = "${local.admin_activity} AND NOT ${local.by_rescind}"
    own    = "${local.admin_activity} AND ${local.by_rescind}"
  }
  destination = { for k, t in google_pubsub_topic.in : k => "pubsub.googleapis.com/projects/${t.project}/topics/${t.name}" }

  sinks = {
    for pair in setproduct(keys(var.scope), keys(local.filters)) :
    "${pair[0]} ${pair[1]}" => { container = pair[0], id = split("/", pair[0])[1], way = pair[1] }
  }
}

resource "google_logging_project_sink" "in" {
  for_each               = { for k, s in local.sinks : k => s if startswith(s.container, "projects/") }
  project                = each.value.id
  name                   = "${var.name}-${each.value.way}"
  description            = "Admin activity for rescind in ${var.project}."
  destination            = local.destination[each.value.way]
  filter                 = local.filters[each.value.way]
  unique_writer_identity = true
}

resource "google_logging_folder_sink" "in" {
  for_each         = { for k, s in local.sinks : k => s if startswith(s.container, "folders/") }
  folder           = each.value.id
  name             = "${var.name}-${each.value.way}"
  description      = "Admin activity for rescind in ${var.project}."
  destination      = local.destination[each.value.way]
  filter           = local.filters[each.value.way]
  include_children = true

  lifecycle {
    postcondition {
      condition     = self.include_children
      error_message = "The sink of ${each.value.container} was stored without include_children, so no project below it would be watched. Mend it by `gcloud logging sinks update`, or make it anew."
    }
  }
}

resource "google_logging_organization_sink" "in" {
  for_each         = { for k, s in local.sinks : k => s if startswith(s.container, "organizations/") }
  org_id           = each.value.id
  name             = "${var.name}-${each.value.way}"
  description      = "Admin activity for rescind in ${var.project}."
  destination      = local.destination[each.value.way]
  filter           = local.filters[each.value.way]
  include_children = true

  lifecycle {
    postcondition {
      condition     = self.include_children
      error_message = "The sink of ${each.value.container} was stored without include_children, so no project below it would be watched. Mend it by `gcloud logging sinks update`, or make it anew."
    }
  }
}

locals {
  # Who writes to the topic of each way: the identities of its sinks.
  writers = {
    for way in keys(local.filters) : way => toset([
      for k, s in merge(google_logging_project_sink.in, google_logging_folder_sink.in, google_logging_organization_sink.in) :
      s.writer_identity if endswith(k, " ${way}")
    ])
  }
}
