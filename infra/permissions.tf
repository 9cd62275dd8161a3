# What rescind is allowed, in words: one custom role for each row that stands
# together in docs/permissions.md, with exactly its permissions. A test compares
# the two. rights.tf says where each is given.

locals {
  # To read. Nothing here can change anything.
  reads = {
    # On the scope.
    workloads = [
      "run.services.get", "run.jobs.get", "run.workerpools.get",
      "run.services.list", "run.jobs.list", "run.workerpools.list", "run.locations.list",
      "run.revisions.list", "run.revisions.get", "run.executions.list",
      "run.services.getIamPolicy", "run.jobs.getIamPolicy", "run.workerpools.getIamPolicy",
      "iam.serviceAccounts.getIamPolicy", "cloudfunctions.functions.get",
    ]
    # On the organization; without one, what of it can be given on a project.
    hierarchy = [
      "resourcemanager.projects.getIamPolicy", "resourcemanager.folders.getIamPolicy", "resourcemanager.organizations.getIamPolicy",
      "resourcemanager.projects.get", "resourcemanager.folders.get", "resourcemanager.organizations.get",
      "iam.roles.get", "orgpolicy.policy.get", "orgpolicy.customConstraints.get",
    ]
    # On the folders and organizations of the scope, for scans.
    walk = ["resourcemanager.projects.list", "resourcemanager.folders.list"]
    # On the scope, with asset_search and confirm_entry.
    search  = ["cloudasset.assets.searchAllResources"]
    entries = ["logging.logEntries.list"]
  }

  # To change, by the step of a plan. The right to act as the account that a
  # workload is given back to is none of these: it is given on that account.
  steps = {
    remove-grants       = ["run.services.setIamPolicy", "run.jobs.setIamPolicy", "run.workerpools.setIamPolicy"]
    restore-condition   = ["run.services.setIamPolicy", "run.jobs.setIamPolicy", "run.workerpools.setIamPolicy"]
    require-invoker-iam = ["run.services.create", "run.services.update", "run.services.setIamPolicy", "run.operations.get"]
    restore-ingress     = ["run.services.update", "run.operations.get"]
    restore-revision    = ["run.services.update", "run.operations.get"]
    restore-identity    = ["run.services.update", "run.jobs.update", "run.workerpools.update", "run.operations.get"]
    restore-constraint  = ["orgpolicy.policies.delete", "orgpolicy.policies.create"]
  }

  # To change, by the kind of allow policy: each opt-in, and under a condition.
  policies = {
    projects        = ["resourcemanager.projects.setIamPolicy"]
    folders         = ["resourcemanager.folders.setIamPolicy"]
    organizations   = ["resourcemanager.organizations.setIamPolicy"]
    serviceAccounts = ["iam.serviceAccounts.setIamPolicy"]
  }

  # What a custom role of a project cannot hold.
  # https://cloud.google.com/iam/docs/custom-roles-permissions-support
  above_projects = concat(local.reads.walk, [
    "resourcemanager.folders.get", "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.get", "resourcemanager.organizations.getIamPolicy", "orgpolicy.customConstraints.get",
  ])
}
