package auditlog

import (
	"cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// fill says what the workload is after the write, as far as the entry shows,
// and notes what it leaves open.
func (w *written) fill(c *cloud.Change) {
	ingress, ingressShown := w.ingress()
	ssh, shown := w.ssh()
	wl := &cloud.Workload{
		Resource: c.Resource, Identity: w.identity(), InvokerCheckDisabled: w.invokerCheck(),
		SSH: ssh, Ingress: ingress, Labels: w.labels(),
	}
	if !shown {
		wl.SSHWhy = w.why("setting of SSH access")
	}
	switch by := cloud.ControllerByLabel(wl.Labels); {
	case w.internal:
		wl.Controller = cloud.CloudFunctions
	case by != "":
		wl.ControllerWhy = "whether " + by + " owns it is unknown: the entry shows its label alone, which whoever deploys can set"
	}
	if wl.AgentIdentity = w.stored.agent || w.asked.agent && !w.stored.template; wl.AgentIdentity && wl.Identity.Knowledge == cloud.Unset {
		wl.Identity = cloud.Identity{}
		leave(c, "identity", "it has an agent identity and names no account, and whether it runs as the default account beside is not confirmed")
	} else if wl.Identity.Knowledge == cloud.Unknown {
		leave(c, "identity", cmp.Or(wl.Identity.Unreadable(), w.why("service account")))
	}
	if wl.InvokerCheckDisabled.Knowledge == cloud.Unknown {
		leave(c, "invoker check", w.why("invoker check"))
	}
	if !ingressShown {
		leave(c, "ingress", w.why("ingress"))
	}
	wl.TemplateName = cmp.Or(w.stored.revision, w.asked.revision)
	if wl.Shares, shown = w.shares(); !shown {
		leave(c, "traffic", w.why("traffic"))
	}
	wl.Shares = cloud.Beside(wl.Shares, wl.Identity)
	c.Workload = wl
}

func (w *written) why(what string) string {
	why := "the " + string(w.verb) + " does not show the " + what
	if w.request.mayCreate() {
		why += ", and may have been a create (allowMissing)"
	}
	return joinProblems(why, w.problem)
}

// leavesOut reports whether the write is an update that certainly leaves the
// field as it was.
func (w *written) leavesOut(field string) bool {
	return w.verb == cloud.Update && !w.request.mask().covers(field)
}

// identity is what the next revision or execution runs as. A stored object
// shows the account even where the caller left it out, so an account that is
// missing after a replace or an update has not been shown rather than unset;
// on a create its absence is the caller's doing, and means the default account.
func (w *written) identity() cloud.Identity {
	field := "template.serviceaccount"
	switch w.kind {
	case cloud.RunJob:
		field = "template.template.serviceaccount"
	case cloud.RunInstance:
		field = "serviceaccount"
	}
	switch {
	case w.broken:
		return cloud.Identity{}
	case w.stored.identity != "":
		return cloud.KnownIdentity(w.stored.identity)
	case w.leavesOut(field) && w.request.mayCreate():
		return cloud.Identity{}
	case w.leavesOut(field):
		return cloud.Identity{Knowledge: cloud.Unchanged}
	case w.asked.identity != "":
		return cloud.KnownIdentity(w.asked.identity)
	case w.verb == cloud.Create && (w.stored.template || w.asked.template):
		return cloud.Identity{Knowledge: cloud.Unset}
	}
	return cloud.Identity{}
}

// invokerCheck is whether the check is off. v1 writes whole objects, so a
// missing annotation is a check that is on; so does every response. In the
// request of a v2 update an absent field is also what false looks like.
func (w *written) invokerCheck() cloud.Flag {
	const field = "invokeriamdisabled"
	switch {
	case !w.kind.Reached():
		return cloud.KnownFlag(false) // nothing calls it over HTTP
	case w.internal:
		return cloud.Flag{Knowledge: cloud.Unchanged} // the Functions API has no such field
	case w.broken || w.stored.oddInvoker:
		return cloud.Flag{}
	case w.stored.invokerOff != nil:
		return cloud.KnownFlag(*w.stored.invokerOff)
	case w.stored.fields:
		return cloud.KnownFlag(false)
	case w.leavesOut(field) && w.request.mayCreate():
		return cloud.Flag{}
	case w.leavesOut(field):
		return cloud.Flag{Knowledge: cloud.Unchanged}
	case w.asked.oddInvoker:
		return cloud.Flag{}
	case w.asked.invokerOff != nil:
		return cloud.KnownFlag(*w.asked.invokerOff)
	case w.verb != cloud.Update && w.asked.fields:
		return cloud.KnownFlag(false)
	}
	return cloud.Flag{}
}

// ssh is whether people may open a shell in it: on request for a service, by default in an
// instance. Jobs and worker pools have no such setting, and neither has the Functions API.
// https://cloud.google.com/run/docs (Preview of 2026-10-07)
func (w *written) ssh() (on, shown bool) {
	const field = "sshenabled"
	switch {
	case !w.kind.Reached() || w.internal:
		return false, true
	case w.broken || w.stored.oddSSH:
		return false, false
	case w.stored.ssh != nil:
		return *w.stored.ssh, true
	case w.stored.fields:
		return false, true
	case w.leavesOut(field):
		return false, !w.request.mayCreate()
	case w.asked.oddSSH:
		return false, false
	case w.asked.ssh != nil:
		return *w.asked.ssh, true
	}
	return false, w.verb != cloud.Update && w.asked.fields && w.kind == cloud.RunService
}

// ingress is where requests may come from, empty where the write left it as it
// was. shown is false where it may have changed and the entry does not say to
// what. A create or a whole object that names none gets the default.
// https://cloud.google.com/run/docs/securing/ingress
func (w *written) ingress() (value string, shown bool) {
	const field = "ingress"
	switch {
	case !w.kind.Reached():
		return "", true // nothing reaches it from outside
	case w.broken:
		return "", false
	case w.stored.ingress != "":
		return w.stored.ingress, true
	case w.leavesOut(field):
		return "", !w.request.mayCreate() && !w.stored.oddIngress
	case w.asked.ingress != "":
		return w.asked.ingress, true
	case w.stored.oddIngress || w.asked.oddIngress:
		return "", false
	case w.verb != cloud.Update && (w.stored.fields || w.asked.fields):
		return "all", true
	}
	return "", false
}

func (w *written) labels() map[string]string {
	if w.stored.labels != nil || w.leavesOut("labels") {
		return w.stored.labels
	}
	return w.asked.labels
}
