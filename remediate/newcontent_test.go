package remediate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// replace has mallory deploy a template of her own as the default account: the
// one that is live, with what she changes of it.
func (g *rig) replace(change func(*runpb.RevisionTemplate)) {
	g.t.Helper()
	_, err := g.replacing(change).Wait(g.t.Context())
	g.must(err)
}

// replacing is the operation of such a deploy, under way.
func (g *rig) replacing(change func(*runpb.RevisionTemplate)) *run.UpdateServiceOperation {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	s, err := c.GetService(g.t.Context(), &runpb.GetServiceRequest{Name: apiPath})
	g.must(err)
	s.Template.ServiceAccount, s.Template.Revision = defaultAccount, ""
	change(s.Template)
	op, err := c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{Service: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template"}}})
	g.must(err)
	return op
}

const otherPath = "projects/pay-prod/locations/europe-west1/services/other"

const secretValue = "hunter2-of-the-shop"

// app is what runs before mallory comes: one container with a variable and a secret.
func app() *runpb.RevisionTemplate {
	return &runpb.RevisionTemplate{ServiceAccount: apiAccount, Containers: []*runpb.Container{{
		Image: appImage, Command: []string{"serve"}, Args: []string{"--port=8080"},
		Env: []*runpb.EnvVar{
			{Name: "DB_HOST", Values: &runpb.EnvVar_Value{Value: secretValue}},
			{Name: "DB_KEY", Values: &runpb.EnvVar_ValueSource{ValueSource: &runpb.EnvVarSource{SecretKeyRef: &runpb.SecretKeySelector{Secret: "db", Version: "3"}}}},
		},
		VolumeMounts: []*runpb.VolumeMount{{Name: "data", MountPath: "/data"}},
		Ports:        []*runpb.ContainerPort{{ContainerPort: 8080}},
	}}, Volumes: []*runpb.Volume{{Name: "data", VolumeType: &runpb.Volume_EmptyDir{EmptyDir: &runpb.EmptyDirVolumeSource{}}}}}
}

func TestR4NewContentGetsNoOldRightsUnasked(t *testing.T) {
	t.Parallel()
	type template = runpb.RevisionTemplate
	container := func(change func(*runpb.Container)) func(*template) {
		return func(t *template) { change(t.Containers[0]) }
	}
	for _, tt := range []struct {
		name   string
		change func(*template)
		asked  string // what is said of it; empty for what is reverted unasked
	}{
		{"nothing but the account", func(*template) {}, ""},
		{"a label by which Cloud Build tells its deploys apart", func(t *template) { t.Labels = map[string]string{"gcb-build-id": "7"} }, ""},
		{"an annotation that gcloud stamps", func(t *template) { t.Annotations = map[string]string{"client.knative.dev/user-image": "app:v1"} }, ""},
		{"another label", func(t *template) { t.Labels = map[string]string{"team": "pay"} }, "labels or annotations"},
		{"another image", container(func(c *runpb.Container) { c.Image = otherImage }), "image " + otherImage + ", before " + appImage},
		{"the same image by its tag", container(func(c *runpb.Container) { c.Image = "example.com/app:v1" }), "example.com/app:v1 by a tag"},
		{"another command", container(func(c *runpb.Container) { c.Command = []string{"sh", "-c"} }), `command ["sh" "-c"], before ["serve"]`},
		{"other arguments", container(func(c *runpb.Container) { c.Args = []string{"--eval"} }), "other arguments"},
		{"another value of a variable", container(func(c *runpb.Container) {
			c.Env[0].Values = &runpb.EnvVar_Value{Value: secretValue + ".evil.example"}
		}), "changed variables: DB_HOST"},
		{"one more variable", container(func(c *runpb.Container) {
			c.Env = append(c.Env, &runpb.EnvVar{Name: "LD_PRELOAD", Values: &runpb.EnvVar_Value{Value: "/data/x.so"}})
		}), "changed variables: LD_PRELOAD"},
		{"another version of a secret", container(func(c *runpb.Container) { c.Env[1].GetValueSource().SecretKeyRef.Version = "9" }), "changed secrets: DB_KEY from db:3, DB_KEY from db:9"},
		{"another place of a mount", container(func(c *runpb.Container) { c.VolumeMounts[0].MountPath = "/app" }), "mounts"},
		{"a probe that runs elsewhere", container(func(c *runpb.Container) {
			c.LivenessProbe = &runpb.Probe{ProbeType: &runpb.Probe_HttpGet{HttpGet: &runpb.HTTPGetAction{Path: "/run"}}}
		}), "probes"},
		{"another port", container(func(c *runpb.Container) { c.Ports[0].ContainerPort = 9090 }), "ports"},
		{"more memory", container(func(c *runpb.Container) {
			c.Resources = &runpb.ResourceRequirements{Limits: map[string]string{"memory": "8Gi"}}
		}), "resources"},
		{"a sidecar", func(t *template) {
			t.Containers = append(t.Containers, &runpb.Container{Name: "proxy", Image: otherImage})
		}, "image " + otherImage + ", before (none)"},
		{"another volume", func(t *template) {
			t.Volumes[0].VolumeType = &runpb.Volume_Secret{Secret: &runpb.SecretVolumeSource{Secret: "signing-key"}}
		}, "secret signing-key"},
		{"a way into the network", func(t *template) { t.VpcAccess = &runpb.VpcAccess{Connector: "projects/pay-prod/connectors/c"} }, "other settings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{identity: policies.Revert})
			g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: app()}))
			g.replace(tt.change)
			f := g.one()
			if tt.asked == "" {
				g.want(f, state.Reverted, "runs as "+apiAccount+" again")
				return
			}
			g.want(f, state.Pending, tt.asked)
			if got := g.identity(apiPath); got != defaultAccount {
				t.Errorf("it runs as %s before anybody answered", got)
			}
			stored, err := json.Marshal(f)
			g.must(err)
			if strings.Contains(string(stored), secretValue) {
				t.Error("the finding holds the value of a variable")
			}
		})
	}
}

func TestR4WhatCannotBeComparedIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		mess func(*rig)
		says string
	}{
		{"revisions that may not be listed", func(g *rig) {
			g.deploy(defaultAccount)
			g.cloud.Fail("Revisions.ListRevisions", 1000, codes.PermissionDenied)
		}, "permission run.revisions.list missing"},
		{"an account that no revision ran as, of the fallback", func(g *rig) {
			g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{ServiceAccount: "1-compute@developer.gserviceaccount.com"}}))
			g.deploy(defaultAccount)
		}, "fallback_identity"},
		{"a revision that never became ready as the account", func(g *rig) {
			g.cloud.RefuseToStart(apiAccount)
			g.must(g.cloud.PutService(&runpb.Service{Name: otherPath, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
			g.deployTo(otherPath, defaultAccount)
		}, "no revision is known to have run as that account"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{identity: policies.Revert})
			tt.mess(g)
			g.want(g.one(), state.Pending, tt.says)
		})
	}
}

func TestR4AnAccountIsGivenToTheTemplateThatWasShownAndToNoOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Pending, "")
	g.replace(func(t *runpb.RevisionTemplate) { t.Containers[0].Image = otherImage })
	g.events() // its event is late
	g.want(g.approve(f), state.Superseded, "its template is another one now")
	if got := g.identity(apiPath); got != defaultAccount {
		t.Errorf("what was deployed after the question runs as %s", got)
	}
}

func TestR4AnUndoGivesNoContentFromSinceTheAccountBack(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Reverted, "")
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Containers: []*runpb.Container{{Image: otherImage}}}}))
	g.want(g.undo(f), state.Superseded, "its template is another one now")
	if got := g.identity(apiPath); got != apiAccount {
		t.Errorf("what was deployed since the revert runs as %s", got)
	}
}

// The event of a deploy's first half is there before its revision is.
func TestR4WhatGoogleCloudIsStillMakingIsWaitedForAndThenAskedAbout(t *testing.T) {
	t.Parallel()
	for ends, want := range map[bool]state.State{true: state.Reverted, false: state.Pending} {
		g := newRig(t, set{identity: policies.Revert})
		g.cloud.NeverFinish(true)
		g.deploying(apiPath, defaultAccount)
		f := g.one()
		g.want(f, state.Waiting, "still at work")
		if ends {
			g.cloud.NeverFinish(false)
		}
		g.sweepFor(5 * time.Minute)
		g.want(g.stored(f.ID), want, "")
	}
}
