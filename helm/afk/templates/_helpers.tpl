{{- define "afk.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough that the longest suffix still fits into a DNS label. */}}
{{- define "afk.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "afk.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "afk.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "afk.t3.fullname" -}}
{{- printf "%s-t3" (include "afk.fullname" .) -}}
{{- end -}}

{{/* Labels of everything. Called with (list $ "bot"). */}}
{{- define "afk.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "afk.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: {{ include "afk.name" $root }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of pods: none that changes with the chart's version, as a new one would end every agent's turn. */}}
{{- define "afk.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "afk.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "afk.name" $root }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "afk.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "afk.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "afk.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "afk.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Called with (list $image $defaultTag). A digest wins over a tag. */}}
{{- define "afk.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default (index . 1) $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "afk.secretName" -}}
{{- default (include "afk.fullname" .) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "afk.volumeClaim" -}}
{{- default (printf "%s-volume" (include "afk.fullname" .)) .Values.volume.existingClaim -}}
{{- end -}}

{{- define "afk.stateClaim" -}}
{{- default (printf "%s-state" (include "afk.fullname" .)) .Values.state.existingClaim -}}
{{- end -}}

{{/* Not empty where Slack sends requests to the bot. */}}
{{- define "afk.slackOverHttp" -}}
{{- if eq (dig "slack" "mode" "socket" .Values.config) "http" -}}yes{{- end -}}
{{- end -}}

{{/* The bot's whole config: what follows from the chart, with the operator's own keys over it. */}}
{{- define "afk.config" -}}
{{- $github := ternary (dict) (dict "token" (dict "file" "/secrets/github-token")) (hasKey (default dict .Values.config.github) "app") -}}
{{- $slack := dict "botToken" (dict "file" "/secrets/slack-bot-token") -}}
{{- if include "afk.slackOverHttp" . -}}
{{- $_ := set $slack "signingSecret" (dict "file" "/secrets/slack-signing-secret") -}}
{{- $_ := set $slack "requests" (dict "port" 3000) -}}
{{- else -}}
{{- $_ := set $slack "appToken" (dict "file" "/secrets/slack-app-token") -}}
{{- end -}}
{{- $t3 := dict "token" (dict "file" "/secrets/t3-token") -}}
{{- if .Values.t3.enabled -}}
{{- $_ := set $t3 "url" (printf "http://%s:%d" (include "afk.t3.fullname" .) (int .Values.t3.service.port)) -}}
{{- $_ := set $t3 "version" .Values.t3.version -}}
{{- if .Values.t3.mint.enabled -}}
{{- $_ := set $t3 "token" (dict "file" (include "afk.t3.tokenFile" .)) -}}
{{- end -}}
{{- if .Values.t3.ingress.enabled -}}
{{- $_ := set $t3 "publicUrl" (printf "https://%s" .Values.t3.ingress.host) -}}
{{- end -}}
{{- end -}}
{{- $election := dict "enabled" (gt (int .Values.replicaCount) 1) "lease" (include "afk.fullname" .) "namespace" .Release.Namespace -}}
{{- $base := dict "github" $github "slack" $slack "t3" $t3 "volume" .Values.volume.mountPath "state" .Values.state.mountPath "http" (dict "port" 8080) "leaderElection" $election -}}
{{- mergeOverwrite $base (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* Where the bot's minted token is: on the volume, since T3's pod has no rights in the cluster to write a Secret with. */}}
{{- define "afk.t3.tokenFile" -}}
{{- printf "%s/tokens/%s" .Values.volume.mountPath (include "afk.t3.fullname" .) -}}
{{- end -}}

{{/* The namespaces of the workloads that the bot follows, one a line. */}}
{{- define "afk.namespaces" -}}
{{- $all := .Values.rbac.namespaces -}}
{{- range .Values.config.repos -}}
{{- range .workloads -}}
{{- $all = append $all .namespace -}}
{{- end -}}
{{- end -}}
{{- $all | uniq | sortAlpha | join "\n" -}}
{{- end -}}

{{/* What the bot reads of the workloads it follows. */}}
{{- define "afk.readRules" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods, events]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end -}}

{{- define "afk.validate" -}}
{{- if not .Values.config.repos -}}
{{- fail "config.repos is empty: name at least one repo, as in afk.example.yaml" -}}
{{- end -}}
{{- if not (dig "slack" "channel" "" .Values.config) -}}
{{- fail "config.slack.channel is missing: the id of the Slack channel for the threads, such as C0123ABCD" -}}
{{- end -}}
{{- if and (include "afk.slackOverHttp" .) (gt (int .Values.replicaCount) 1) -}}
{{- fail "config.slack.mode: http takes one replica: Slack's requests would meet the ones that stand by. Use socket, or replicaCount: 1" -}}
{{- end -}}
{{- if and (not .Values.secrets.existingSecret) (not .Values.secrets.values) -}}
{{- fail "secrets.existingSecret is missing: name a Secret with the keys github-token, slack-bot-token, slack-app-token and t3-token" -}}
{{- end -}}
{{- if .Values.t3.enabled -}}
{{- if not .Values.t3.image.repository -}}
{{- fail "t3.image.repository is missing: an image with T3 Code, the coding agent and the repos' tools; see docs/operations.md" -}}
{{- end -}}
{{- if and .Values.t3.ingress.enabled (not .Values.t3.ingress.host) -}}
{{- fail "t3.ingress.host is missing" -}}
{{- end -}}
{{- else if not (dig "t3" "url" "" .Values.config) -}}
{{- fail "config.t3.url is missing: the address of your T3 server; or set t3.enabled for one of its own" -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) (not (dig "leaderElection" "enabled" true .Values.config)) -}}
{{- fail "config.leaderElection.enabled is false: several replicas need it, so that one of them acts" -}}
{{- end -}}
{{- end -}}

{{- define "afk.egress.dns" -}}
- ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end -}}

{{/* The port of an http(s) URL. */}}
{{- define "afk.portOf" -}}
{{- $url := urlParse (default "" .) -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) $port -}}
{{- end -}}
