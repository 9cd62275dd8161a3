package functions

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/binding/format"
	"github.com/cloudevents/sdk-go/v2/binding/spec"
)

const cePrefix = "Ce-"

// ceMessage is one HTTP request as the SDK's binding reads it. The SDK has such
// a type of its own, in a package that brings an HTTP client and a logger with it:
// 1 MB of the program, and a part of each start.
type ceMessage struct {
	headers http.Header
	body    []byte
	format  format.Format
	version spec.Version // nil unless the headers are the attributes
}

var (
	_ binding.MessageReader         = (*ceMessage)(nil)
	_ binding.MessageMetadataReader = (*ceMessage)(nil)
)

// versions finds an attribute by the header that it travels in.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#313-metadata-headers
var versions = spec.WithPrefixMatchExact(func(attribute string) string {
	if attribute == "datacontenttype" {
		return "Content-Type"
	}
	return http.CanonicalHeaderKey(cePrefix + attribute)
}, cePrefix)

func newCEMessage(h http.Header, body []byte) *ceMessage {
	m := &ceMessage{headers: h, body: body, format: format.Lookup(h.Get("Content-Type"))}
	if m.format == nil {
		m.version = versions.Version(h.Get(versions.PrefixedSpecVersionName()))
	}
	return m
}

// ReadEncoding implements binding.MessageReader.
func (m *ceMessage) ReadEncoding() binding.Encoding {
	switch {
	case m.version != nil:
		return binding.EncodingBinary
	case m.format == format.JSONBatch:
		return binding.EncodingBatch
	case m.format != nil:
		return binding.EncodingStructured
	}
	return binding.EncodingUnknown
}

// ReadStructured implements binding.MessageReader.
func (m *ceMessage) ReadStructured(ctx context.Context, to binding.StructuredWriter) error {
	if m.format == nil {
		return binding.ErrNotStructured
	}
	return to.SetStructuredEvent(ctx, m.format, bytes.NewReader(m.body))
}

// ReadBinary implements binding.MessageReader. A bare "Ce-", and a header without
// a value, are none of its attributes.
func (m *ceMessage) ReadBinary(_ context.Context, to binding.BinaryWriter) error {
	if m.version == nil {
		return binding.ErrNotBinary
	}
	for name, values := range m.headers {
		if len(values) == 0 {
			continue
		}
		if err := m.set(to, name, values[0]); err != nil {
			return err
		}
	}
	return to.SetData(bytes.NewBuffer(m.body))
}

func (m *ceMessage) set(to binding.BinaryWriter, header, value string) error {
	if a := m.version.Attribute(header); a != nil {
		return to.SetAttribute(a, value)
	}
	if extension, ok := strings.CutPrefix(header, cePrefix); ok && extension != "" {
		return to.SetExtension(strings.ToLower(extension[:1])+extension[1:], value)
	}
	return nil
}

// GetAttribute implements binding.MessageMetadataReader, which the SDK asks for
// where somebody transforms a message. Nobody does.
func (m *ceMessage) GetAttribute(k spec.Kind) (spec.Attribute, any) {
	a := m.version.AttributeFromKind(k)
	if a == nil || len(m.headers[a.PrefixedName()]) == 0 {
		return a, nil
	}
	return a, m.headers[a.PrefixedName()][0]
}

// GetExtension implements binding.MessageMetadataReader.
func (m *ceMessage) GetExtension(name string) any {
	if values := m.headers[http.CanonicalHeaderKey(cePrefix+name)]; len(values) > 0 {
		return values[0]
	}
	return nil
}
