package sim

import (
	"encoding/json"
	"io"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// write is a create or a replace of the whole object.
func (v *v1) write(k *kind, verb string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, raw, err := readV1(r)
		if err != nil {
			transcode.WriteError(w, err)
			return
		}
		create := verb == "Create"
		id := r.PathValue("id")
		if create {
			id = sent.Metadata.Name
		}
		e := edit{
			kind: k, name: parent(r) + "/" + k.collection + "/" + id, create: create,
			validateOnly: r.URL.Query().Get("dryRun") == "all",
			next:         func(stored object) (object, error) { return fromV1(k, stored, sent) },
		}
		if sent.Metadata.ResourceVersion != "" {
			e.etag = `"` + sent.Metadata.ResourceVersion + `"`
		}
		out, err := v.edit(r, verb, e, raw)
		answer(w, out, err)
	}
}

// readV1 reads an object, typed and as the caller wrote it.
func readV1(r *http.Request) (k knative, raw body, err error) {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, transcode.MaxBody))
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err == nil {
		err = json.Unmarshal(b, &raw)
	}
	if err != nil {
		return k, nil, status.Errorf(codes.InvalidArgument, "body: %v", err)
	}
	return k, raw, nil
}

func (v *v1) edit(r *http.Request, verb string, e edit, raw body) (out knative, err error) {
	k := e.kind
	n, err := v.c.nameOf(k, e.name)
	if err != nil {
		return out, err
	}
	who := v.c.callerOf(transcode.Context(r))
	rec := v1Record(k, n, verb, body{k.field: raw})
	if e.create {
		delete(rec.request, "name")
		rec.request["parent"] = "namespaces/" + n.project
	}
	if e.validateOnly {
		rec.request["dryRun"] = "all"
	}
	err = v.c.write(who, rec, func() error {
		op, err := v.c.apply(who, e)
		if err != nil {
			return err
		}
		target := op.target
		if target == nil { // a rehearsal: shown, not stored
			target = &workload{kind: k, name: n, obj: op.result}
		}
		out = v.c.toV1(target)
		rec.response = asBody(k.noun, out)
		return nil
	})
	return out, err
}

// v1Record names a resource without its region, as v1 does: only the labels
// and the location tell it.
func v1Record(k *kind, n name, verb string, request body) *record {
	permission := map[string]string{"Create": "create", "Replace": "update", "Delete": "delete"}[verb]
	r := runRecord(k, n, k.v1Method(verb+k.noun), permission)
	r.resource = "namespaces/" + n.project + "/" + k.v1Collection() + "/" + n.id
	request["name"] = r.resource
	r.request = asBody(verb+k.noun+"Request", request)
	return r
}

func (v *v1) delete(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		full := parent(r) + "/" + k.collection + "/" + r.PathValue("id")
		n, err := v.c.nameOf(k, full)
		if err != nil {
			transcode.WriteError(w, err)
			return
		}
		rec := v1Record(k, n, "Delete", body{})
		err = v.c.write(v.c.callerOf(transcode.Context(r)), rec, func() error {
			rec.response = body{"@type": "type.googleapis.com/google.cloud.run.v1.Status", "status": "Success"}
			_, err := v.c.remove(k, full, "", false)
			return err
		})
		answer(w, body{"apiVersion": "v1", "kind": "Status", "status": "Success"}, err)
	}
}

// asBody renders v1's JSON for the audit log.
func asBody(typeName string, v any) body {
	out := body{}
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil { // what was just rendered or read always is an object
		out = body{}
	}
	out["@type"] = "type.googleapis.com/google.cloud.run.v1." + typeName
	return out
}
