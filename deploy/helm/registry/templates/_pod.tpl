{{/*
A Deployment of one part of the node. Called with a dict: root, name (of the part), values (of the part), args (of the
program), ports (name to number), probes (YAML), strategy (YAML).

All parts share the node's folder: keys that an erasure replaces, files of batches that arrived, tiles, cosignatures.
*/}}
{{- define "registry.deployment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "registry.fullname" $root }}-{{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "registry.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  {{- if not .scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "registry.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  strategy:
    {{- .strategy | nindent 4 }}
  template:
    metadata:
      labels:
        {{- include "registry.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
        {{- if hasKey . "ports" | and .configured }}
        app.kubernetes.io/part-of: registry-node
        {{- end }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        {{- if .configured }}
        checksum/settings: {{ include "registry.settings" $root | sha256sum }}
        {{- end }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      serviceAccountName: {{ include "registry.serviceAccountName" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if $root.Values.topologySpread.enabled }}
      topologySpreadConstraints:
        {{- range $root.Values.topologySpread.keys }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              {{- include "registry.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.name }}
        {{- end }}
      {{- end }}
      {{- if and .configured (not .command) }}
      initContainers:
        - name: folder
          image: {{ include "registry.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: ["/bin/sh", "/etc/registry/settings/prepare-folder.sh"]
          securityContext:
            {{- toYaml $root.Values.securityContext | nindent 12 }}
          resources:
            requests: {cpu: 10m, memory: 16Mi}
            limits: {memory: 64Mi}
          volumeMounts:
            - {name: node, mountPath: /var/lib/registry}
            - {name: settings, mountPath: /etc/registry/settings, readOnly: true}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "registry.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- with .command }}
          command: {{ toJson . }}
          {{- end }}
          {{- with .args }}
          args: {{ toJson . }}
          {{- end }}
          env:
            {{- include "registry.environment" . | nindent 12 }}
          {{- with .ports }}
          ports:
            {{- range $name, $port := . }}
            - {name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP}
            {{- end }}
          {{- end }}
          {{- with .probes }}
          {{- . | nindent 10 }}
          {{- end }}
          securityContext:
            {{- toYaml $root.Values.securityContext | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            {{- include "registry.mounts" . | nindent 12 }}
      volumes:
        {{- include "registry.volumes" . | nindent 8 }}
{{- end }}

{{/* Environment of a container. Secrets come from objects that exist already. */}}
{{- define "registry.environment" -}}
{{- $root := .root -}}
- name: REGISTRY_PASSPHRASE_FILE
  value: /etc/registry/passphrase/passphrase
{{- if .configured }}
- name: REGISTRY_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret: name the Secret that holds the database's address (docs/deploy-on-kubernetes.md, Secrets)" $root.Values.database.existingSecret }}
      key: {{ $root.Values.database.key }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "registry.mounts" -}}
{{- $root := .root -}}
- {name: node, mountPath: /var/lib/registry}
- {name: tmp, mountPath: /tmp}
- {name: passphrase, mountPath: /etc/registry/passphrase, readOnly: true}
{{- if $root.Values.kafka.ca.existingSecret }}
- {name: kafka, mountPath: /etc/registry/kafka, readOnly: true}
{{- end }}
{{- if .configured }}
- {name: settings, mountPath: /etc/registry/settings, readOnly: true}
{{- if $root.Values.openid.existingSecret }}
- {name: openid, mountPath: /etc/registry/openid, readOnly: true}
{{- end }}
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "registry.volumes" -}}
{{- $root := .root -}}
- name: node
  persistentVolumeClaim:
    claimName: {{ .claim }}
- name: tmp
  emptyDir:
    sizeLimit: {{ $root.Values.tmpSize }}
{{- $passphrase := ternary $root.Values.passphrase $root.Values.witness.passphrase (.configured | default false) }}
{{- $place := ternary "" "witness." (.configured | default false) }}
- name: passphrase
  secret:
    secretName: {{ required (printf "%spassphrase.existingSecret: name the Secret with the passphrase of the private keys (docs/deploy-on-kubernetes.md, Secrets)" $place) $passphrase.existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ $passphrase.key }}, path: passphrase}
{{- with $root.Values.kafka }}
{{- if .ca.existingSecret }}
- name: kafka
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .ca.existingSecret }}
          items:
            - {key: {{ .ca.key }}, path: ca.crt}
      {{- if .client.existingSecret }}
      - secret:
          name: {{ .client.existingSecret }}
          items:
            - {key: {{ .client.certificateKey }}, path: client.crt}
            - {key: {{ .client.privateKeyKey }}, path: client.key}
      {{- end }}
{{- end }}
{{- end }}
{{- if .configured }}
- name: settings
  configMap:
    name: {{ include "registry.fullname" $root }}-settings
{{- if $root.Values.openid.existingSecret }}
- name: openid
  secret:
    secretName: {{ $root.Values.openid.existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ $root.Values.openid.key }}, path: client-secret}
{{- end }}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Probes of a part that does not answer over HTTP: the port of its metrics is open while the process lives. The page itself
is not asked, because it reads the database. At the start the database is migrated, which takes its time.
*/}}
{{- define "registry.metricsProbes" -}}
startupProbe:
  tcpSocket: {port: metrics}
  periodSeconds: 5
  failureThreshold: {{ div (add .Values.startupSeconds 4) 5 }}
livenessProbe:
  tcpSocket: {port: metrics}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  tcpSocket: {port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}

{{/*
Probes of a part that answers over HTTP, at a path that says only that the process lives. `/ready` also says what is wrong
with the log, the database and the publisher: taking all pods out of service for that would make it worse. It is for
monitoring.
*/}}
{{- define "registry.httpProbes" -}}
startupProbe:
  httpGet: {path: {{ .path }}, port: http}
  periodSeconds: 5
  failureThreshold: {{ div (add .root.Values.startupSeconds 4) 5 }}
livenessProbe:
  httpGet: {path: {{ .path }}, port: http}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: {{ .path }}, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}
