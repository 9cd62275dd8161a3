package auditlog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// object is a workload in the shape of either API: v1 has metadata and spec,
// v2 its fields at the top, and in an update perhaps no template among them. A
// long-running operation has nothing of either; a finished one holds the
// workload as its response. Field names: run/v1 and run/v2 discovery documents.
type object struct {
	Metadata *struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
		Labels      map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec *struct {
		Template       *v1Template `json:"template"`
		Traffic        *targets    `json:"traffic"`
		InstanceSplits *targets    `json:"instanceSplits"`
		ServiceAccount string      `json:"serviceAccountName"` // an instance's
	} `json:"spec"`

	Name            string            `json:"name"`
	Labels          map[string]string `json:"labels"`
	Template        *v2Template       `json:"template"`
	Ingress         any               `json:"ingress"`
	NoInvokerIAM    any               `json:"invokerIamDisabled"`
	SnakeNoInvoker  any               `json:"invoker_iam_disabled"`
	OperationResult json.RawMessage   `json:"response"`

	Traffic             *targets `json:"traffic"`
	InstanceSplits      *targets `json:"instanceSplits"`
	SnakeInstanceSplits *targets `json:"instance_splits"`

	// An instance has no template: it is what a template would make.
	ServiceAccount string          `json:"serviceAccount"`
	SnakeAccount   string          `json:"service_account"`
	Containers     json.RawMessage `json:"containers"`
	SSH            any             `json:"sshEnabled"`
	SnakeSSH       any             `json:"ssh_enabled"`
}

// v1Template holds another one in a job: an execution's, then a task's.
type v1Template struct {
	Metadata *struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec *struct {
		ServiceAccount string      `json:"serviceAccountName"`
		Template       *v1Template `json:"template"`
	} `json:"spec"`
}

// v2Template holds another one in a job. The service account of buildConfig
// builds the image and runs nothing; it is read nowhere.
type v2Template struct {
	ServiceAccount string      `json:"serviceAccount"`
	SnakeAccount   string      `json:"service_account"`
	Revision       string      `json:"revision"`
	Template       *v2Template `json:"template"`

	Identity      *workloadIdentity `json:"workloadIdentityConfig"`
	SnakeIdentity *workloadIdentity `json:"workload_identity_config"`
}

// workloadIdentity says what kind of identity a template asks for.
type workloadIdentity struct {
	Type      any `json:"identityType"`
	SnakeType any `json:"identity_type"`
}

// agent reports whether that is an agent identity, or may be one: what has another type
// than an enum's is not known to be none.
func (w *workloadIdentity) agent() bool {
	if w == nil {
		return false
	}
	for _, t := range []any{w.Type, w.SnakeType} {
		if t != nil && t != "" && !accountTypes[fmt.Sprint(t)] {
			return true
		}
	}
	return false
}

// accountTypes are those that are no agent identity, by name and by number.
var accountTypes = map[string]bool{"IDENTITY_TYPE_UNSPECIFIED": true, "IDENTITY_TYPE_SERVICE_ACCOUNT": true, "0": true, "1": true}

const (
	ingressAnnotation = "run.googleapis.com/ingress"
	invokerAnnotation = "run.googleapis.com/invoker-iam-disabled"
	locationLabel     = "cloud.googleapis.com/location"
)

// view is what one body shows of a workload; the zero view shows nothing.
type view struct {
	// template and fields say that the template, and the fields beside it,
	// are there in full: what they leave out is really unset.
	template, fields bool
	identity         string
	agent            bool  // it has an agent identity, too
	invokerOff       *bool // nil when not mentioned
	oddInvoker       bool  // it is mentioned, and is neither on nor off
	ssh              *bool // likewise
	oddSSH           bool
	ingress          string
	oddIngress       bool // it has a word that is not known
	labels           map[string]string
	revision         string   // that the template makes, where it is named
	shares           *targets // nil when not mentioned
	name             name     // v2: a full name
	bare, location   string   // v1: the name alone, and the region from its label
}

// view reads the object in the shape it has. problem is what is wrong with the
// body, if anything: then nothing is concluded from what it leaves out.
func (o *object) view(k cloud.Kind, problem string) view {
	if o == nil {
		return view{}
	}
	var v view
	switch {
	case o.Spec != nil:
		v = o.v1(k)
	case o.Template == nil && len(o.OperationResult) > 0:
		var stored object
		if json.Unmarshal(o.OperationResult, &stored) != nil {
			return view{}
		}
		stored.OperationResult = nil
		return stored.view(k, problem)
	default:
		v = o.v2(k)
	}
	if problem != "" {
		v.template, v.fields = false, false
	}
	return v
}

func (o *object) v1(k cloud.Kind) view {
	v := view{template: o.Spec.Template != nil, fields: o.Metadata != nil}
	t := o.Spec.Template
	if k == cloud.RunJob && t != nil {
		v.template = t.Spec != nil && t.Spec.Template != nil
		if v.template {
			t = t.Spec.Template
		}
	}
	v.shares = cmp.Or(o.Spec.Traffic, o.Spec.InstanceSplits)
	if k == cloud.RunInstance {
		v.template, v.identity = true, accountEmail(o.Spec.ServiceAccount)
		t = &v1Template{}
	}
	if v.template && t.Metadata != nil {
		v.revision = part(t.Metadata.Name)
	}
	if v.template && t.Spec != nil {
		v.identity = accountEmail(t.Spec.ServiceAccount)
	}
	if m := o.Metadata; m != nil {
		v.oddSSH = mentionsSSH(m.Annotations)
		v.bare, v.labels = part(m.Name), m.Labels
		v.location = part(m.Labels[locationLabel])
		v.ingress = m.Annotations[ingressAnnotation]
		if s := m.Annotations[invokerAnnotation]; s != "" {
			off := strings.EqualFold(s, "true")
			v.invokerOff = &off
		}
	}
	return v
}

func (o *object) v2(k cloud.Kind) view {
	t := o.Template
	if k == cloud.RunJob && t != nil {
		t = t.Template
	}
	v := view{
		template: t != nil, fields: o.Template != nil,
		ingress: ingressOf(o.Ingress), labels: o.Labels, name: parseName(o.Name),
		shares: cmp.Or(o.Traffic, o.InstanceSplits, o.SnakeInstanceSplits),
	}
	v.oddIngress = v.ingress == "" && o.Ingress != nil && o.Ingress != ""
	v.invokerOff, v.oddInvoker = either(o.NoInvokerIAM, o.SnakeNoInvoker)
	v.ssh, v.oddSSH = either(o.SSH, o.SnakeSSH)
	if k == cloud.RunInstance {
		v.template = o.showsInstance(v.name)
		v.fields = v.template
		v.identity = accountEmail(cmp.Or(o.ServiceAccount, o.SnakeAccount))
		return v
	}
	if t != nil {
		v.identity = accountEmail(cmp.Or(t.ServiceAccount, t.SnakeAccount))
		v.revision = part(t.Revision)
		v.agent = cmp.Or(t.Identity, t.SnakeIdentity).agent()
	}
	return v
}

// showsInstance reports whether the object is an instance, and no operation on one: it has
// a field of one, or the name.
func (o *object) showsInstance(n name) bool {
	return len(o.Containers) > 0 || n.workload(cloud.RunInstance) != "" || o.ServiceAccount != "" || o.SnakeAccount != "" ||
		o.Ingress != nil || o.NoInvokerIAM != nil || o.SnakeNoInvoker != nil || o.SSH != nil || o.SnakeSSH != nil
}

// either is a switch in one of two spellings; odd is true where it is there and neither on
// nor off.
func either(spellings ...any) (on *bool, odd bool) {
	for _, said := range spellings {
		if is, ok := said.(bool); ok && on == nil {
			on = &is
		} else if said != nil && !ok {
			odd = true
		}
	}
	return on, odd
}

// mentionsSSH reports whether v1's annotations say anything of SSH. How v1 spells whether it
// is on is not known.
func mentionsSSH(annotations map[string]string) bool {
	for name := range annotations {
		if strings.HasPrefix(name, "run.googleapis.com/") && strings.Contains(strings.ToLower(name), "ssh") {
			return true
		}
	}
	return false
}

// ingressWords are v1's words for v2's.
var ingressWords = map[string]string{
	"INGRESS_TRAFFIC_ALL":                    "all",
	"INGRESS_TRAFFIC_INTERNAL_ONLY":          "internal",
	"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
	"INGRESS_TRAFFIC_NONE":                   "none",
}

// ingressOf is v1's word for an enum of v2, which protobuf's JSON may write as a number.
func ingressOf(v any) string {
	if word, ok := v.(string); ok {
		return ingressWords[word]
	}
	if n, ok := integer(v); ok && v != nil {
		for word, number := range ingressNumbers {
			if number == n {
				return ingressWords[word]
			}
		}
	}
	return ""
}

// ingressNumbers are the numbers of the enum google.cloud.run.v2.IngressTraffic.
var ingressNumbers = map[string]int32{
	"INGRESS_TRAFFIC_ALL": 1, "INGRESS_TRAFFIC_INTERNAL_ONLY": 2, "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": 3, "INGRESS_TRAFFIC_NONE": 4,
}

// accountEmail takes the e-mail out of a full service account name, which some
// clients send in its place.
func accountEmail(s string) string { return s[strings.LastIndex(s, "/")+1:] }
