// Package config is rescind.yaml: it reads, completes and checks the file, and
// says of each problem at which line it is and what to write instead.
//
// A file with an unknown key is refused, and all that is wrong with one is said
// at once. docs/config.md explains every key, which the tests hold it to. A
// secret is only named here; Secret.Read looks it up when it is needed.
//
// What a configuration lets the process do is not decided here: package process
// builds clients, stores and endpoints from it.
package config
