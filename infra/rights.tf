# What the worker may do, and where. permissions.tf says what each role holds.
# Grants are single members: the policies of the scope belong to other people.

locals {
  # The roles that this installation needs: a name to its permissions.
  roles = merge(
    { for k in ["workloads", "hierarchy"] : "read_${k}" => local.reads[k] },
    length(local.containers.folders) + length(local.containers.organizations) > 0 ? { read_walk = local.reads.walk } : {},
    var.asset_search ? { read_search = local.reads.search } : {},
    var.confirm_entry ? { read_entries = local.reads.entries } : {},
    { for step in var.steps : replace(step, "-", "_") => local.steps[step] if local.may_write },
    { for kind in keys(var.policy_writes) : "write_policies_of_${lower(kind)}" => local.policies[kind] if local.may_write },
  )

  # Custom roles of the organization are there for all of it; without one, each
  # project of the scope has its own.
  role_homes = var.organization != null ? ["organizations/${var.organization}"] : keys(var.scope)
  role_id    = replace(var.name, "-", "_")

  # Where each is given. A key ends with the role.
  everywhere = [for k in keys(local.roles) : k if contains(["read_workloads", "read_search", "read_entries"], k)]
  grants = merge(
    { for pair in setproduct(keys(var.scope), local.everywhere) : "${pair[0]} ${pair[1]}" => { on = pair[0], role = pair[1] } },
    { for home in local.role_homes : "${home} read_hierarchy" => { on = home, role = "read_hierarchy" } },
    { for s in setunion(local.containers.folders, local.containers.organizations) : "${s} read_walk" => { on = s, role = "read_walk" } },
    {
      for pair in setproduct(local.writable, setsubtract(var.steps, ["restore-constraint"])) :
      "${pair[0]} ${replace(pair[1], "-", "_")}" => { on = pair[0], role = replace(pair[1], "-", "_") }
    },
    local.may_write && contains(var.steps, "restore-constraint") ? {
      for home in local.role_homes : "${home} restore_constraint" => { on = home, role = "restore_constraint" }
    } : {},
  )

  # [unconfirmed] That every kind of policy is held to this condition.
  # https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
  policy_grants = {
    for pair in setproduct(local.writable, keys(var.policy_writes)) :
    "${pair[0]} write_policies_of_${lower(pair[1])}" => {
      on        = pair[0]
      role      = "write_policies_of_${lower(pair[1])}"
      condition = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${join(", ", [for r in sort(var.policy_writes[pair[1]]) : "'${r}'"])}])"
    }
    # A policy is below what holds it, so a grant on a project reaches no folder.
    if contains({
      projects      = ["projects", "serviceAccounts"]
      folders       = ["projects", "serviceAccounts", "folders"]
      organizations = ["projects", "serviceAccounts", "folders", "organizations"]
    }[split("/", pair[0])[0]], pair[1])
  }
  all_grants = merge({ for k, g in local.grants : k => merge(g, { condition = null }) }, local.policy_grants)

  # The full name of each role, seen from where it is given.
  role_names = merge(
    { for k, r in google_organization_iam_custom_role.this : k => r.name },
    { for k, r in google_project_iam_custom_role.this : k => r.name },
  )
  role_of = { for k, g in local.all_grants : k => local.role_names[var.organization != null ? g.role : "${g.on} ${g.role}"] }
}

resource "google_organization_iam_custom_role" "this" {
  for_each    = var.organization != null ? local.roles : {}
  org_id      = var.organization
  role_id     = "${local.role_id}_${each.key}"
  title       = "rescind: ${replace(each.key, "_", " ")}"
  description = "One row of rescind's docs/permissions.md."
  permissions = each.value
}

resource "google_project_iam_custom_role" "this" {
  for_each = var.organization != null ? {} : {
    for pair in setproduct(keys(var.scope), keys(local.roles)) : "${pair[0]} ${pair[1]}" => { project = split("/", pair[0])[1], role = pair[1] }
  }
  project     = each.value.project
  role_id     = "${local.role_id}_${each.value.role}"
  title       = "rescind: ${replace(each.value.role, "_", " ")}"
  description = "One row of rescind's docs/permissions.md."
  permissions = [for p in local.roles[each.value.role] : p if !contains(local.above_projects, p)]
}

resource "google_project_iam_member" "worker" {
  for_each = { for k, g in local.all_grants : k => g if startswith(g.on, "projects/") }
  project  = split("/", each.value.on)[1]
  role     = local.role_of[each.key]
  member   = local.members.worker

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]
    content {
      title      = "only grants of the roles that policy_writes names"
      expression = condition.value
    }
  }
}

resource "google_folder_iam_member" "worker" {
  for_each = { for k, g in local.all_grants : k => g if startswith(g.on, "folders/") }
  folder   = each.value.on
  role     = local.role_of[each.key]
  member   = local.members.worker

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]
    content {
      title      = "only grants of the roles that policy_writes names"
      expression = condition.value
    }
  }
}

resource "google_organization_iam_member" "worker" {
  for_each = { for k, g in local.all_grants : k => g if startswith(g.on, "organizations/") }
  org_id   = split("/", each.value.on)[1]
  role     = local.role_of[each.key]
  member   = local.members.worker

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]
    content {
      title      = "only grants of the roles that policy_writes names"
      expression = condition.value
    }
  }
}

# The right to act as an account, on that account and nowhere else.
resource "google_service_account_iam_member" "given_back" {
  for_each           = local.may_write ? var.act_as : []
  service_account_id = "projects/${split(".", split("@", each.key)[1])[0]}/serviceAccounts/${each.key}"
  role               = "roles/iam.serviceAccountUser"
  member             = local.members.worker
}

resource "google_artifact_registry_repository_iam_member" "images" {
  for_each   = local.may_write && contains(var.steps, "restore-identity") ? var.image_repositories : []
  project    = split("/", each.key)[1]
  location   = split("/", each.key)[3]
  repository = split("/", each.key)[5]
  role       = "roles/artifactregistry.reader"
  member     = local.members.worker
}

# Not an error: whoever trusts everybody who may publish events can do without.
check "what_reverts_is_confirmed" {
  assert {
    condition     = var.confirm_entry || !contains(values(var.scope), "revert")
    error_message = "A scope has the level revert, and confirm_entry is false: whoever can publish to the topic of the events can have what violates reverted unasked, with a name of their choice for whoever made it. Say confirm_entry = true."
  }
}
