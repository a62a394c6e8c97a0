{{/* The name of the release's objects, at most 40 characters: each appends the name of its part. */}}
{{- define "registry.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels by which selectors find pods; they stay as they are for the life of a release. */}}
{{- define "registry.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "registry.labels" -}}
{{ include "registry.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "registry.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{- define "registry.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "registry.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "registry.claimName" -}}
{{- .Values.persistence.existingClaim | default (printf "%s-node" (include "registry.fullname" .)) -}}
{{- end }}

{{/* A value as TOML on one line. Numbers keep the form that they have in JSON: Helm's own toToml writes 8000.0. */}}
{{- define "registry.toml" -}}
{{- if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . }}{{- $items = append $items (include "registry.toml" .) -}}{{- end -}}
[{{ join ", " $items }}]
{{- else if kindIs "map" . -}}
{{- $items := list -}}
{{- range $key, $value := . }}{{- $items = append $items (printf "%s = %s" (toJson $key) (include "registry.toml" $value)) -}}{{- end -}}
{ {{- join ", " $items -}} }
{{- else -}}
{{ toRawJson . }}
{{- end -}}
{{- end }}

{{/* The address of the shared log, with the files by which its connections are secured. */}}
{{- define "registry.log" -}}
{{- $kafka := .Values.kafka -}}
{{- required "log: name the shared log, for example kafka://kafka-bootstrap:9093" .Values.log -}}
{{- if $kafka.ca.existingSecret -}}
?ca_file=/etc/registry/kafka/ca.crt
{{- if $kafka.client.existingSecret -}}
&certificate_file=/etc/registry/kafka/client.crt&key_file=/etc/registry/kafka/client.key
{{- end -}}
{{- else if $kafka.client.existingSecret -}}
{{- fail "kafka.ca.existingSecret: name the Secret with the authority that certifies the brokers" -}}
{{- end -}}
{{- end }}

{{/* registry.toml: what the chart knows, then the values under `settings`. No secret is in it. */}}
{{- define "registry.settings" -}}
{{- $own := dict
      "consortium" (required "consortium: name the consortium's origin, for example eciu.example" .Values.consortium)
      "member" (required "member: name this university's short name in the consortium, for example delft" .Values.member)
      "founded" (required "founded: give the hash of the consortium's founding, from somebody you trust" .Values.founded)
      "log" (include "registry.log" .)
-}}
{{- if .Values.metrics.enabled }}
{{- $_ := set $own "metrics_host" "0.0.0.0" }}
{{- $_ := set $own "metrics_port" 9464 }}
{{- end }}
{{- $settings := merge (deepCopy .Values.settings) $own }}
{{- if hasKey .Values.settings "openid" }}
{{- if .Values.openid.existingSecret }}
{{- $_ := set $settings.openid "client_secret_file" "/etc/registry/openid/client-secret" }}
{{- end }}
{{- else if .Values.openid.existingSecret }}
{{- fail "openid.existingSecret: there is no identity provider; name it under settings.openid (issuer, client_id)" }}
{{- end }}
{{- range $name, $value := $settings }}
{{ $name }} = {{ include "registry.toml" $value }}
{{- end }}
{{- end }}
