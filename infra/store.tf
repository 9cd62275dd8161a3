# The store: the truth about every finding, and the queue of what is owed. A
# database of its own, which holds nothing else.

locals {
  # The file that the Firebase command line reads, too. A test holds it to the
  # queries that the program makes.
  firestore = jsondecode(file("${path.module}/firestore.indexes.json"))
}

resource "google_firestore_database" "store" {
  project                           = var.project
  name                              = "${var.name}-store"
  location_id                       = coalesce(var.store_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"
  depends_on                        = [google_project_service.needed]
}

# Firestore refuses a query that has no index.
resource "google_firestore_index" "query" {
  for_each = {
    for i in local.firestore.indexes : join(" ", concat([i.collectionGroup], [for f in i.fields : "${f.fieldPath}:${lower(f.order)}"])) => i
  }
  project     = var.project
  database    = google_firestore_database.store.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

# What is kept for a time is deleted by Firestore, if it is told to. What nobody
# asks for by itself has no index.
resource "google_firestore_field" "override" {
  for_each   = { for f in local.firestore.fieldOverrides : "${f.collectionGroup} ${f.fieldPath}" => f }
  project    = var.project
  database   = google_firestore_database.store.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {}

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  count     = var.backup_days > 0 ? 1 : 0
  project   = var.project
  database  = google_firestore_database.store.name
  retention = "${var.backup_days * 86400}s"
  daily_recurrence {}
}

locals {
  this_database = {
    title      = "the store of ${var.name} alone"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.store.name}\""
  }
}

resource "google_project_iam_member" "store" {
  for_each = merge(
    { worker = "roles/datastore.user" },
    var.page != null ? { page = "roles/datastore.viewer" } : {},
  )
  project = var.project
  role    = each.value
  member  = local.members[each.key]
  condition {
    title      = local.this_database.title
    expression = local.this_database.expression
  }
}
