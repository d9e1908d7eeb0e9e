# shellcheck shell=bash disable=SC2034 # Some variables are for the verbs.
# What the verbs share; each sources this file. A secret is never an argument of a program, since arguments are
# visible to everybody on the machine: it goes through a pipe, or stays in a variable of the shell.
set -euo pipefail

DEPLOY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$DEPLOY")
VERB=$(basename "$0")
DRY_RUN=no
# Seconds: between two looks, for a one-off task, for the service to have the new tasks.
PAUSE=${XKCDAPP_DEPLOY_PAUSE:-5}
TASK_LIMIT=${XKCDAPP_DEPLOY_TASK_LIMIT:-600}
ROLLOUT_LIMIT=${XKCDAPP_DEPLOY_ROLLOUT_LIMIT:-900}
export AWS_PAGER=""
# Where a dry run prints its plan, whatever becomes of a command's own output.
exec 3>&1

# --- Speaking ----------------------------------------------------------------------------------------------

# To standard error: standard output is for results.
say() { printf '==> %s\n' "$*" >&2; }
warn() { printf 'WARNING: %s\n' "$*" >&2; }
fail() {
  printf '%s: %s\n' "$VERB" "$1" >&2
  shift
  if (($# > 0)); then printf '  %s\n' "$@" >&2; fi
  exit 1
}
wrong_usage() {
  printf '%s: %s\n\n' "$VERB" "$1" >&2
  usage >&2
  exit 2
}

# act COMMAND…: runs what changes something, or with --dry-run prints it.
act() {
  if [[ $DRY_RUN == yes ]]; then
    printf '+ %s\n' "$(quoted "$@")" >&3
  else
    "$@"
  fi
}

quoted() {
  local word line=
  for word in "$@"; do
    if [[ $word =~ ^[]A-Za-z0-9_./:=@,{}\<\>[-]+$ ]]; then line+="$word "; else line+="'$word' "; fi
  done
  printf '%s' "${line% }"
}

# shellcheck source=deploy/configuration.sh
source "$DEPLOY/configuration.sh"

require() {
  command -v "$1" >/dev/null || fail "$1 is missing" "install $2"
}

# --- Stacks ------------------------------------------------------------------------------------------------

stack_name() { printf 'xkcdapp-%s-%s' "$ENVIRONMENT" "$1"; }

# described STACK QUERY: what CloudFormation says of a stack; nothing when there is none.
# Assign what this and the next two print: inside another command a failure goes unnoticed.
described() {
  local answer ask=(aws cloudformation describe-stacks --stack-name "$(stack_name "$1")" --query "$2" --output text)
  answer=$("${ask[@]}" 2>/dev/null) || answer=$("${ask[@]}" 2>&1) || {
    [[ $answer == *'does not exist'* ]] || fail "CloudFormation can't be asked for $(stack_name "$1")" "$answer"
    answer=
  }
  printf '%s' "$answer"
}

# stack_status STACK: as CloudFormation calls it; nothing when there is none.
stack_status() { described "$1" 'Stacks[0].StackStatus'; }

# output STACK KEY: what a stack says.
output() {
  local value
  if [[ $DRY_RUN == yes ]]; then printf '<%s:%s>' "$(stack_name "$1")" "$2"; return; fi
  value=$(described "$1" "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]") || exit
  [[ -n $value && $value != None ]] || fail "the stack $(stack_name "$1") is not there yet" "run deploy/deploy $ENVIRONMENT"
  printf '%s' "$value"
}

# deploy_stack STACK [NAME=VALUE…]: makes it, or changes it; does nothing when it is as it should be.
deploy_stack() {
  local stack=$1 name values=("Environment=$ENVIRONMENT" "${@:2}")
  for name in ${PARAMETERS[$stack]}; do
    # What is not said would keep the value of the last time; it is to have the template's default.
    if [[ -v VALUES[$name] ]]; then
      values+=("$name=${VALUES[$name]}")
    elif [[ -v DEFAULTS[$stack.$name] ]]; then
      values+=("$name=${DEFAULTS[$stack.$name]}")
    fi
  done
  say "stack $(stack_name "$stack")"
  if [[ $DRY_RUN == no ]]; then mend_stack "$stack"; fi
  act aws cloudformation deploy --stack-name "$(stack_name "$stack")" \
    --template-file "$DEPLOY/stacks/$stack.yaml" --parameter-overrides "${values[@]}" \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
    --tags app=xkcdapp "environment=$ENVIRONMENT" >&2 || explain_stack "$stack"
}

# mend_stack STACK: sees that it can be deployed.
mend_stack() {
  local status
  status=$(stack_status "$1")
  case $status in
    # A change set that was never executed, as when a first run was interrupted: there is no stack yet.
    REVIEW_IN_PROGRESS) ;;
    ROLLBACK_COMPLETE | ROLLBACK_FAILED)
      say "its first creation failed: what is left of it goes first"
      aws cloudformation delete-stack --stack-name "$(stack_name "$1")"
      aws cloudformation wait stack-delete-complete --stack-name "$(stack_name "$1")"
      ;;
    *_IN_PROGRESS)
      fail "the stack $(stack_name "$1") is in $status" \
        "somebody, or an earlier run, is changing it: deploy/status $ENVIRONMENT shows when that has ended" \
        "a service stays so while its tasks do not get healthy: deploy/logs $ENVIRONMENT says why"
      ;;
    UPDATE_ROLLBACK_FAILED)
      fail "the stack $(stack_name "$1") is in $status" \
        "aws cloudformation continue-update-rollback --stack-name $(stack_name "$1")"
      ;;
  esac
}

# explain_stack STACK: ends the run with what went wrong.
explain_stack() {
  say "what CloudFormation says of it, newest first:"
  aws cloudformation describe-stack-events --stack-name "$(stack_name "$1")" --max-items 40 \
    --query "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason]" \
    --output text >&2 || true
  fail "the stack $(stack_name "$1") could not be deployed" \
    "correct what is said above and run deploy/deploy $ENVIRONMENT again: it goes on where it stopped"
}

# --- Parameters --------------------------------------------------------------------------------------------

# parameter_names: those of the environment, one a line, all pages of them.
parameter_names() {
  aws ssm get-parameters-by-path --path "$PREFIX" --query 'Parameters[].[Name]' --output text | tr '\t' '\n'
}

# put_parameter NAME VALUE: the value goes to the AWS CLI through its standard input.
put_parameter() {
  if [[ $DRY_RUN == yes ]]; then
    printf '+ … | aws ssm put-parameter --name %s/%s --type SecureString --overwrite --value file:///dev/stdin\n' \
      "$PREFIX" "$1"
    return
  fi
  printf '%s' "$2" | aws ssm put-parameter --name "$PREFIX/$1" --type SecureString --overwrite \
    --value file:///dev/stdin >/dev/null
}

# random_secret: 256 bits, of characters that PostgreSQL, Redis and RDS all take.
random_secret() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# parameter_version NAME: CloudFormation compares this; it never sees that a value has changed.
parameter_version() {
  if [[ $DRY_RUN == yes ]]; then printf '<version:%s>' "$1"; return; fi
  aws ssm get-parameter --name "$PREFIX/$1" --query Parameter.Version --output text
}

# --- One-off tasks -----------------------------------------------------------------------------------------

# run_task TASK_DEFINITION OVERRIDE: runs the container once, with a command of its own; prints what it logged,
# and ends the run when it did not exit with 0.
run_task() {
  local definition=$1 override=$2 network cluster task code reason
  network="awsvpcConfiguration={subnets=[$(output network PrivateSubnets)]"
  network+=",securityGroups=[$(output network TaskSecurityGroup)],assignPublicIp=DISABLED}"
  cluster=$(output cluster Cluster)
  local command=(aws ecs run-task --cluster "$cluster" --task-definition "$definition"
    --launch-type FARGATE --count 1 --network-configuration "$network"
    --overrides "{\"containerOverrides\":[$override]}" --query 'tasks[0].taskArn' --output text)
  if [[ $DRY_RUN == yes ]]; then act "${command[@]}"; return; fi
  task=$("${command[@]}") || fail "the task could not be started"
  [[ $task == arn:* ]] || fail "ECS did not start the task" "is there capacity in the region? Try again."
  wait_for_task "$task"
  code=$(task_says "$task" "containers[?name=='XKCDAppContainer'].exitCode | [0]")
  reason=$(task_says "$task" "join('; ', [stoppedReason || '', containers[0].reason || ''])")
  print_log "xkcdapp/XKCDAppContainer/${task##*/}" >&2
  [[ $code == 0 ]] || explain_task "$code" "$reason"
}

# task_says TASK QUERY
task_says() {
  aws ecs describe-tasks --cluster "$(output cluster Cluster)" --tasks "$1" --query "tasks[0].[$2] | [0]" \
    --output text
}

wait_for_task() {
  local began=$SECONDS
  until [[ $(task_says "$1" lastStatus) == STOPPED ]]; do
    if ((SECONDS - began >= TASK_LIMIT)); then
      aws ecs stop-task --cluster "$(output cluster Cluster)" --task "$1" >/dev/null || true
      fail "the task did not end within $TASK_LIMIT s and was stopped" "deploy/logs $ENVIRONMENT has its log"
    fi
    sleep "$PAUSE"
  done
}

explain_task() {
  local advice
  case $2 in
    *"unable to pull secrets"* | *ResourceInitializationError*)
      advice="the task has no way to the APIs of AWS (Egress), or its execution role is not allowed to" ;;
    *CannotPullContainer*)
      advice="is the image there, for this Architecture? Tasks reach the repository through NAT or endpoints" ;;
    *) advice=${ADVICE:-the log above says why} ;;
  esac
  fail "the task failed: exit code $1, $2" "$advice"
}

# print_log STREAM: all of it.
print_log() {
  aws logs get-log-events --log-group-name "$(output cluster LogGroup)" --log-stream-name "$1" \
    --start-from-head --query 'events[].[message]' --output text 2>/dev/null || say "it logged nothing"
}
