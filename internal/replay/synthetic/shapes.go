package synthetic

import "fmt"

// shares are how many of 1000 entries are of which kind.
var shares = []struct {
	of   int
	make func(*maker) string
}{
	{300, func(g *maker) string { return g.fill(kubernetes, nil) }},
	{220, func(g *maker) string { return g.fill(bigQuery, nil) }},
	{180, storageEntry},
	{160, func(g *maker) string { return g.fill(compute, nil) }},
	{60, func(g *maker) string { return g.fill(cloudKMS, nil) }},
	{20, func(g *maker) string { return g.fill(resourceManagerRead, nil) }},
	{20, func(g *maker) string { return g.fill(actAs, nil) }},
	{8, func(g *maker) string { return g.fill(runNoise, g.service()) }},
	{18, deploy},
	{5, func(g *maker) string { return invoker(g) }},
	{6, func(g *maker) string { return projectGrant(g) }},
	{3, func(g *maker) string { return g.fill(accountPolicy, nil) }},
}

func storageEntry(g *maker) string {
	if g.rng.IntN(50) == 0 {
		return g.fill(storagePolicy, nil)
	}
	return g.fill(storage, nil)
}

// deploy is a write of a service in either version, which fails now and then, or names
// the default account. Of one in the second version the other half comes later.
func deploy(g *maker) string {
	v := g.service()
	switch g.rng.IntN(12) {
	case 0:
		v["SA"] = "264172533001-compute@developer.gserviceaccount.com"
	case 1:
		return g.fill(runFailed, v)
	case 2, 3, 4:
		v["OP"] = fmt.Sprintf("%x", g.rng.Uint64())
		first := g.fill(runFirst, v)
		g.kept = append(g.kept, g.fill(runLast, v))
		return first
	}
	return g.fill(runReplace, v)
}

func invoker(g *maker) string {
	if g.rng.IntN(3) == 0 {
		return g.fill(runPublic, g.service())
	}
	return g.fill(runPolicy, g.service())
}

func projectGrant(g *maker) string {
	v := map[string]string{"ACTION": "ADD", "ROLE": "roles/viewer", "MEMBER": "user:ada@example.com"}
	switch g.rng.IntN(6) {
	case 0:
		v["ROLE"], v["MEMBER"] = "roles/editor", "serviceAccount:"+g.service()["SA"]
	case 1:
		v["ACTION"], v["ROLE"], v["MEMBER"] = "REMOVE", "roles/owner", "allUsers"
	}
	return g.fill(grantDelta, v)
}

const (
	head     = `{"insertId":"<ID>","logName":"projects/<P>/logs/cloudaudit.googleapis.com%2F`
	tail     = `,"receiveTimestamp":"<RECEIVED>","severity":"NOTICE","timestamp":"<AT>"}`
	caller   = `"authenticationInfo":{"principalEmail":"<WHO>","principalSubject":"user:<WHO>"},`
	metadata = `"requestMetadata":{"callerIp":"<IP>","callerSuppliedUserAgent":"google-cloud-sdk gcloud/546.0.0 command/gcloud.run.deploy invocation-id/<HEX> environment/GCE environment-version/None client-os/LINUX client-os-ver/6.1.0 interactive/True,gzip(gfe)","destinationAttributes":{},"requestAttributes":{"auth":{},"time":"<AT>"}},`
	payload  = `"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog",` + caller + metadata

	kubernetes = head + `data_access","operation":{"first":true,"id":"<HEX>","last":true,"producer":"k8s.io"},` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"io.k8s.apps.v1.deployments.patch","resource":"apps/v1/namespaces/shop/deployments/cart-<I>"}],"methodName":"io.k8s.apps.v1.deployments.patch","request":{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"annotations\":{},\"name\":\"cart-<I>\",\"namespace\":\"shop\"},\"spec\":{\"replicas\":3,\"template\":{\"spec\":{\"containers\":[{\"image\":\"registry.example.com/cart:<HEX>\",\"name\":\"cart\"}],\"serviceAccountName\":\"cart\"}}}}\n"}},"spec":{"replicas":3,"serviceName":"cart","note":"<PAD>"}},"resourceName":"apps/v1/namespaces/shop/deployments/cart-<I>","response":{"kind":"Deployment","status":{"observedGeneration":<I>,"conditions":[{"type":"Available","status":"True","lastUpdateTime":"<AT>","message":"Deployment has minimum availability."}]}},"serviceName":"k8s.io","status":{"code":0}},"resource":{"labels":{"cluster_name":"main","location":"<R>","project_id":"<P>"},"type":"k8s_cluster"}` + tail

	bigQuery = head + `data_access",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"bigquery.jobs.create","resource":"projects/<P>","resourceAttributes":{}}],"metadata":{"@type":"type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata","jobChange":{"after":"DONE","job":{"jobConfig":{"queryConfig":{"createDisposition":"CREATE_IF_NEEDED","destinationTable":"projects/<P>/datasets/_<HEX>/tables/anon<HEX>","priority":"QUERY_INTERACTIVE","query":"SELECT * FROM sales WHERE amount \u003e <I> AND day \u003c CURRENT_DATE() /* <PAD> */","statementType":"SELECT"},"type":"QUERY"},"jobName":"projects/<P>/jobs/bquxjob_<HEX>","jobStats":{"createTime":"<AT>","endTime":"<AT>","queryStats":{"totalBilledBytes":"<I>0485760","totalProcessedBytes":"<I>8391"},"totalSlotMs":"<I>"},"jobStatus":{"jobState":"DONE"}}}},"methodName":"google.cloud.bigquery.v2.JobService.InsertJob","resourceName":"projects/<P>/jobs/bquxjob_<HEX>","serviceName":"bigquery.googleapis.com","status":{}},"resource":{"labels":{"location":"EU","project_id":"<P>"},"type":"bigquery_project"}` + tail

	storage = head + `data_access",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"storage.objects.get","resource":"projects/_/buckets/things-<I>/objects/<HEX>","resourceAttributes":{}}],"methodName":"storage.objects.get","resourceLocation":{"currentLocations":["<R>"]},"resourceName":"projects/_/buckets/things-<I>/objects/<HEX>","serviceName":"storage.googleapis.com","note":"<PAD>","status":{}},"resource":{"labels":{"bucket_name":"things-<I>","location":"<R>","project_id":"<P>"},"type":"gcs_bucket"}` + tail

	storagePolicy = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"storage.setIamPermissions","resource":"projects/_/buckets/things-<I>","resourceAttributes":{}}],"methodName":"storage.setIamPermissions","resourceName":"projects/_/buckets/things-<I>","serviceData":{"@type":"type.googleapis.com/google.iam.v1.logging.AuditData","policyDelta":{"bindingDeltas":[{"action":"ADD","member":"allUsers","role":"roles/storage.objectViewer"}]}},"serviceName":"storage.googleapis.com","status":{}},"resource":{"labels":{"bucket_name":"things-<I>","location":"<R>","project_id":"<P>"},"type":"gcs_bucket"}` + tail

	compute = head + `activity","operation":{"first":true,"id":"operation-<HEX>","producer":"compute.googleapis.com"},` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"compute.instances.setMetadata","resource":"projects/<P>/zones/<R>-b/instances/vm-<I>","resourceAttributes":{"name":"projects/<P>/zones/<R>-b/instances/vm-<I>","service":"compute","type":"compute.instances"}}],"methodName":"v1.compute.instances.setMetadata","request":{"@type":"type.googleapis.com/compute.instances.setMetadata","serviceAccounts":[{"email":"<N>-compute@developer.gserviceaccount.com"}],"items":[{"key":"startup-script","value":"<PAD>"}]},"resourceName":"projects/<P>/zones/<R>-b/instances/vm-<I>","response":{"@type":"type.googleapis.com/operation","id":"<I>","insertTime":"<AT>","name":"operation-<HEX>","operationType":"setMetadata","progress":"0","selfLink":"https://www.googleapis.com/compute/v1/projects/<P>/zones/<R>-b/operations/operation-<HEX>","status":"RUNNING","targetId":"<I>","user":"<WHO>"},"serviceName":"compute.googleapis.com"},"resource":{"labels":{"instance_id":"<I>","project_id":"<P>","zone":"<R>-b"},"type":"gce_instance"}` + tail

	cloudKMS = head + `data_access",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"cloudkms.cryptoKeyVersions.useToDecrypt","resource":"projects/<P>/locations/<R>/keyRings/main/cryptoKeys/k<I>","resourceAttributes":{}}],"methodName":"Decrypt","request":{"@type":"type.googleapis.com/google.cloud.kms.v1.DecryptRequest","name":"projects/<P>/locations/<R>/keyRings/main/cryptoKeys/k<I>","note":"<PAD>"},"resourceName":"projects/<P>/locations/<R>/keyRings/main/cryptoKeys/k<I>","serviceName":"cloudkms.googleapis.com"},"resource":{"labels":{"crypto_key_id":"k<I>","key_ring_id":"main","location":"<R>","project_id":"<P>"},"type":"cloudkms_cryptokey"}` + tail

	resourceManagerRead = head + `data_access",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"resourcemanager.projects.get","resource":"projects/<P>","resourceAttributes":{"name":"projects/<P>","service":"cloudresourcemanager.googleapis.com","type":"cloudresourcemanager.googleapis.com/Project"}}],"methodName":"GetProject","note":"<PAD>","resourceName":"projects/<P>","serviceName":"cloudresourcemanager.googleapis.com","status":{}},"resource":{"labels":{"project_id":"<P>"},"type":"project"}` + tail

	actAs = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"iam.serviceAccounts.actAs","resource":"projects/-/serviceAccounts/runner@<P>.iam.gserviceaccount.com","resourceAttributes":{}}],"methodName":"iam.serviceAccounts.actAs","request":{"@type":"type.googleapis.com/CanActAsServiceAccountRequest","name":"projects/-/serviceAccounts/runner@<P>.iam.gserviceaccount.com","note":"<PAD>"},"resourceName":"projects/-/serviceAccounts/runner@<P>.iam.gserviceaccount.com","response":{"success":true},"serviceName":"iam.googleapis.com","status":{}},"resource":{"labels":{"method":"iam.serviceAccounts.actAs","project_id":"<P>","service":"iam.googleapis.com"},"type":"audited_resource"}` + tail

	runResource = `"resource":{"labels":{"configuration_name":"","location":"<R>","project_id":"<P>","revision_name":"","service_name":"<S>"},"type":"cloud_run_revision"}`

	runTemplate = `"spec":{"template":{"metadata":{"annotations":{"autoscaling.knative.dev/maxScale":"100","run.googleapis.com/client-name":"gcloud","run.googleapis.com/client-version":"546.0.0"},"labels":{"app":"<S>"}},"spec":{"containerConcurrency":80,"containers":[{"image":"<R>-docker.pkg.dev/<P>/apps/<S>@sha256:<HEX>","ports":[{"containerPort":8080,"name":"http1"}],"resources":{"limits":{"cpu":"1000m","memory":"512Mi"}},"startupProbe":{"failureThreshold":1,"periodSeconds":240,"tcpSocket":{"port":8080},"timeoutSeconds":240}}],"serviceAccountName":"<SA>","timeoutSeconds":300}},"traffic":[{"latestRevision":true,"percent":100}]}`

	runService = `{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"annotations":{"run.googleapis.com/ingress":"internal","run.googleapis.com/ingress-status":"internal","run.googleapis.com/operation-id":"<HEX>","serving.knative.dev/creator":"<WHO>"},"generation":<I>,"labels":{"cloud.googleapis.com/location":"<R>"},"name":"<S>","namespace":"<N>","resourceVersion":"AAY<HEX>","uid":"<HEX>"},` + runTemplate

	runReplace = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"run.services.update","resource":"namespaces/<P>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v1.Services.ReplaceService","request":{"@type":"type.googleapis.com/google.cloud.run.v1.ReplaceServiceRequest","name":"namespaces/<P>/services/<S>","service":` + runService + `}},"resourceLocation":{"currentLocations":["<R>"]},"resourceName":"namespaces/<P>/services/<S>","response":` + runService + `,"status":{},"@type":"type.googleapis.com/google.cloud.run.v1.Service"},"serviceName":"run.googleapis.com"},` + runResource + tail

	runFailed = head + `activity",` + payload +
		`"authorizationInfo":[{"permission":"run.services.update","resource":"namespaces/<P>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v1.Services.ReplaceService","request":{"@type":"type.googleapis.com/google.cloud.run.v1.ReplaceServiceRequest","name":"namespaces/<P>/services/<S>","service":` + runService + `}},"resourceName":"namespaces/<P>/services/<S>","serviceName":"run.googleapis.com","status":{"code":7,"message":"Permission 'run.services.update' denied on resource 'namespaces/<P>/services/<S>' (or resource may not exist)."}},` + runResource + tail

	runFirst = head + `activity","operation":{"first":true,"id":"projects/<P>/locations/<R>/operations/<OP>","producer":"run.googleapis.com"},` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"run.services.update","resource":"projects/<P>/locations/<R>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v2.Services.UpdateService","request":{"@type":"type.googleapis.com/google.cloud.run.v2.UpdateServiceRequest","service":{"ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY","name":"projects/<P>/locations/<R>/services/<S>","template":{"containers":[{"image":"<R>-docker.pkg.dev/<P>/apps/<S>@sha256:<HEX>","resources":{"cpuIdle":true,"limits":{"cpu":"1000m","memory":"512Mi"}}}],"serviceAccount":"<SA>"},"note":"<PAD>"}},"resourceName":"projects/<P>/locations/<R>/services/<S>","serviceName":"run.googleapis.com"},` + runResource + tail

	runLast = head + `activity","operation":{"id":"projects/<P>/locations/<R>/operations/<OP>","last":true,"producer":"run.googleapis.com"},"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"<WHO>"},"methodName":"google.cloud.run.v2.Services.UpdateService","resourceName":"projects/<P>/locations/<R>/services/<S>","response":{"@type":"type.googleapis.com/google.cloud.run.v2.Service","ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY","name":"projects/<P>/locations/<R>/services/<S>","template":{"serviceAccount":"<SA>"},"uid":"<HEX>","uri":"https://<S>-x.a.run.app"},"serviceName":"run.googleapis.com","status":{}},` + runResource + tail

	runPolicy = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"run.services.setIamPolicy","resource":"projects/<P>/locations/<R>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v1.Services.SetIamPolicy","request":{"@type":"type.googleapis.com/google.iam.v1.SetIamPolicyRequest","resource":"projects/<P>/locations/<R>/services/<S>"},"resourceName":"projects/<P>/locations/<R>/services/<S>","response":{"@type":"type.googleapis.com/google.iam.v1.Policy","bindings":[{"members":["serviceAccount:<SA>","user:ada@example.com"],"role":"roles/run.invoker"}],"etag":"Bw<ID>"},"serviceName":"run.googleapis.com"},` + runResource + tail

	runPublic = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"run.services.setIamPolicy","resource":"projects/<P>/locations/<R>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v1.Services.SetIamPolicy","request":{"@type":"type.googleapis.com/google.iam.v1.SetIamPolicyRequest","resource":"projects/<P>/locations/<R>/services/<S>"},"resourceName":"projects/<P>/locations/<R>/services/<S>","response":{"@type":"type.googleapis.com/google.iam.v1.Policy","bindings":[{"members":["allUsers"],"role":"roles/run.invoker"}],"etag":"Bw<ID>"},"serviceName":"run.googleapis.com"},` + runResource + tail

	runNoise = head + `data_access",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"run.services.get","resource":"namespaces/<P>/services/<S>","resourceAttributes":{}}],"methodName":"google.cloud.run.v1.Services.GetService","note":"<PAD>","resourceName":"namespaces/<P>/services/<S>","serviceName":"run.googleapis.com","status":{}},` + runResource + tail

	grantDelta = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"resourcemanager.projects.setIamPolicy","resource":"projects/<P>","resourceAttributes":{}},{"granted":true,"permission":"resourcemanager.projects.setIamPolicy","resource":"projects/<P>","resourceAttributes":{}}],"methodName":"SetIamPolicy","request":{"@type":"type.googleapis.com/google.iam.v1.SetIamPolicyRequest","note":"<PAD>","resource":"<P>"},"resourceName":"projects/<P>","serviceData":{"@type":"type.googleapis.com/google.iam.v1.logging.AuditData","policyDelta":{"bindingDeltas":[{"action":"<ACTION>","member":"<MEMBER>","role":"<ROLE>"}]}},"serviceName":"cloudresourcemanager.googleapis.com","status":{}},"resource":{"labels":{"project_id":"<P>"},"type":"project"}` + tail

	accountPolicy = head + `activity",` + payload +
		`"authorizationInfo":[{"granted":true,"permission":"iam.serviceAccounts.setIamPolicy","resource":"projects/-/serviceAccounts/<I>","resourceAttributes":{}}],"methodName":"google.iam.admin.v1.SetIAMPolicy","request":{"@type":"type.googleapis.com/google.iam.v1.SetIamPolicyRequest","policy":{"etag":"ACAB"},"resource":"projects/<P>/serviceAccounts/runner@<P>.iam.gserviceaccount.com"},"resourceName":"projects/-/serviceAccounts/<I>","serviceData":{"@type":"type.googleapis.com/google.iam.v1.logging.AuditData","policyDelta":{"bindingDeltas":[{"action":"ADD","member":"user:ada@example.com","role":"roles/iam.serviceAccountUser"}]}},"serviceName":"iam.googleapis.com","status":{}},"resource":{"labels":{"email_id":"runner@<P>.iam.gserviceaccount.com","project_id":"<P>","unique_id":"<I>"},"type":"service_account"}` + tail
)
