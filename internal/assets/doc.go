// Package assets is the part of the Cloud Asset API that rescind speaks: which
// assets in a scope match a query, by name. It writes and reads that one request
// and its answer itself, as Google's types for this API bring those of Access
// Context Manager, OS Config and Identity with them: 3 MB of the program, and a
// millisecond of each start, for five fields.
package assets
