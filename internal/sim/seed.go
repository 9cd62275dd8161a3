package sim

import (
	"fmt"
	"strings"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
)

// What this file sets was there before anybody watched: no audit entry tells
// of it, and no operation is waited for.

// AddOrganization adds an organization by its number.
func (c *Cloud) AddOrganization(number string) {
	c.addContainer(container{name: "organizations/" + number, number: number})
}

// AddFolder adds a folder under "organizations/77" or "folders/1".
func (c *Cloud) AddFolder(number, parent string) {
	c.addContainer(container{name: "folders/" + number, number: number, parent: parent})
}

// AddProject adds a project under its ancestors, nearest first. Ancestors that
// are not there yet are added, each under the next.
func (c *Cloud) AddProject(id, number string, ancestors ...string) {
	for i, a := range ancestors {
		if err := c.containerExistsNow(a); err == nil {
			continue
		}
		c.addContainer(container{name: a, number: lastSegment(a), parent: first(ancestors[i+1:])})
	}
	c.addContainer(container{name: "projects/" + id, number: number, parent: first(ancestors)})
}

func (c *Cloud) containerExistsNow(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.containerExists(name)
}

func (c *Cloud) addContainer(k container) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.containers[k.name] = &k
}

// SetConstraint sets a boolean constraint ("run.managed.requireInvokerIam") at
// "projects/p", "folders/1" or "organizations/2".
func (c *Cloud) SetConstraint(container, constraint string, enforced bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	full := c.canonical(container) + "/policies/" + constraint
	c.putOrgPolicy(full, &orgpolicypb.Policy{Spec: enforceSpec(enforced)})
}

// PutService creates or replaces a service by its full relative name, whose
// project must have been added. It is settled, as long after a deployment, and
// no constraint refuses it: constraints are not retroactive either.
func (c *Cloud) PutService(s *runpb.Service) error { return c.putWorkload(serviceKind, s) }

// PutJob is PutService for a job.
func (c *Cloud) PutJob(j *runpb.Job) error { return c.putWorkload(jobKind, j) }

// PutWorkerPool is PutService for a worker pool.
func (c *Cloud) PutWorkerPool(w *runpb.WorkerPool) error { return c.putWorkload(workerPoolKind, w) }

// PutInstance is PutService for an instance.
func (c *Cloud) PutInstance(i *runpb.Instance) error { return c.putWorkload(instanceKind, i) }

func (c *Cloud) putWorkload(k *kind, o object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	op, err := c.apply(caller{email: c.opt.DefaultPrincipal}, edit{
		kind: k, name: o.GetName(), allowMissing: true, seed: true,
		next: func(stored object) (object, error) { return merge(stored, o, nil) },
	})
	if err != nil {
		return fmt.Errorf("put %s %q: %w", strings.ToLower(k.noun), o.GetName(), err)
	}
	c.finish(op)
	return nil
}

// PutPolicy sets the allow policy of a workload, project, folder,
// organization or service account, by its relative resource name.
func (c *Cloud) PutPolicy(resource string, p *iampb.Policy) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	full := c.canonical(resource)
	if err := c.policyHolderExists(full); err != nil {
		return fmt.Errorf("put allow policy: %w", err)
	}
	next, err := c.nextPolicy(full, &iampb.Policy{}, &iampb.SetIamPolicyRequest{
		Policy: &iampb.Policy{Version: 3, Bindings: p.GetBindings()},
	})
	if err != nil {
		return fmt.Errorf("put allow policy of %s: %w", resource, err)
	}
	next.AuditConfigs = p.GetAuditConfigs()
	c.policies[full] = next
	return nil
}

func (c *Cloud) policyHolderExists(full string) error {
	if _, ok := levelOf(full); ok {
		return c.containerExists(full)
	}
	if strings.Contains(full, "/serviceAccounts/") {
		return c.accountExists(full)
	}
	if c.workloads[full] == nil {
		return notFound(full)
	}
	return nil
}

// AddServiceAccount adds a service account to a project.
func (c *Cloud) AddServiceAccount(project, email string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts["projects/"+c.projectID(project)+"/serviceAccounts/"+email] = true
}

// PutExecution adds an execution of a job, by its full relative name,
// "projects/p/locations/l/jobs/j/executions/e". One without a completion time
// is running.
func (c *Cloud) PutExecution(e *runpb.Execution) {
	c.mu.Lock()
	defer c.mu.Unlock()
	job, _, _ := strings.Cut(c.canonical(e.GetName()), "/executions/")
	c.executions[job] = append(c.executions[job], e)
}

// PutCustomConstraint defines a custom constraint by its full name,
// "organizations/1/customConstraints/custom.c". The simulator enforces none.
func (c *Cloud) PutCustomConstraint(d *orgpolicypb.CustomConstraint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.customs[d.GetName()] = d
}

// SetAllowedValues sets a list constraint ("run.allowedIngress") at a project,
// folder or organization to the values it allows.
func (c *Cloud) SetAllowedValues(container, constraint string, values ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putOrgPolicy(c.canonical(container)+"/policies/"+constraint, &orgpolicypb.Policy{Spec: specOf(
		&orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Values{
			Values: &orgpolicypb.PolicySpec_PolicyRule_StringValues{AllowedValues: values},
		}})})
}

// PutRole adds a custom role, "projects/p/roles/r" or "organizations/1/roles/r".
func (c *Cloud) PutRole(name string, permissions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roles[c.canonical(name)] = &adminpb.Role{
		Name: name, Title: lastSegment(name), IncludedPermissions: permissions, Stage: adminpb.Role_GA,
	}
}

// PutFunction adds a function, "projects/p/locations/l/functions/f", that says that the
// service is its own, by its full relative name. The service is not looked for.
func (c *Cloud) PutFunction(name, service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name = c.canonical(name)
	c.functions[name] = secondGeneration(name, c.canonical(service))
}
