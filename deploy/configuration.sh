# shellcheck shell=bash disable=SC2034 # Some variables are for the verbs.
# The environment that a verb is for, and its configuration: read, and judged before AWS is asked anything.
# Sourced by functions.sh.

ENVIRONMENT=
CONFIG=

# common_option ARGUMENT…: takes an argument that every verb knows; sets TAKEN to how many it took.
common_option() {
  TAKEN=1
  case $1 in
    -h | --help) usage; exit 0 ;;
    --dry-run) DRY_RUN=yes ;;
    --config) CONFIG=${2:?--config needs a file}; TAKEN=2 ;;
    -*) wrong_usage "no such option: $1" ;;
    *)
      [[ -z $ENVIRONMENT ]] || wrong_usage "one environment at a time: $ENVIRONMENT or $1?"
      ENVIRONMENT=$1
      ;;
  esac
}

# open_environment: reads the configuration, and sees that AWS can be asked.
open_environment() {
  [[ -n $ENVIRONMENT ]] || wrong_usage "which environment? One of: $(known_environments)"
  [[ $ENVIRONMENT =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ && ${#ENVIRONMENT} -le 16 ]] ||
    wrong_usage "an environment is named by up to 16 of a-z, 0-9 and single -: not \"$ENVIRONMENT\""
  CONFIG=${CONFIG:-$DEPLOY/environments/$ENVIRONMENT.conf}
  [[ -f $CONFIG ]] || fail "there is no $CONFIG" "copy deploy/environments/demo.conf or production.conf there"
  check_configuration
  PREFIX=/xkcdapp/$ENVIRONMENT
  AWS_REGION=$(setting Region)
  [[ -n $AWS_REGION ]] || fail "Region is missing in $CONFIG"
  export AWS_REGION AWS_DEFAULT_REGION=$AWS_REGION
  require aws "the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
  if [[ $DRY_RUN == no ]]; then
    ACCOUNT=$(aws sts get-caller-identity --query Account --output text) ||
      fail "AWS does not know who you are" "set AWS_PROFILE, or sign in: aws configure sso, aws sso login"
    say "$VERB: environment $ENVIRONMENT, account $ACCOUNT, region $AWS_REGION"
  else
    ACCOUNT='<account>'
    say "$VERB: environment $ENVIRONMENT, region $AWS_REGION; a dry run, nothing is asked or changed"
  fi
}

known_environments() {
  local file names=
  for file in "$DEPLOY"/environments/*.conf; do names+="$(basename "$file" .conf) "; done
  printf '%s' "${names% }"
}

STACKS=(cluster network load-balancer data task service)
# Of the configuration; of each template, its parameters and their defaults; of each parameter, what it may be.
declare -A VALUES=() PARAMETERS=() DEFAULTS=() ALLOWED=() PATTERNS=() LEAST=() MOST=()

# setting NAME: its value in the configuration, or nothing.
setting() { printf '%s' "${VALUES[$1]-}"; }

read_configuration() {
  local line number=0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    if [[ -z $line || $line == \#* ]]; then continue; fi
    if [[ $line =~ ^([A-Za-z]+)=([^[:space:]]*)$ ]]; then
      VALUES[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    else
      MISTAKES+=("line $number is not Name=Value")
    fi
  done <"$CONFIG"
}

# read_parameters STACK: only the part of the template that declares them.
read_parameters() {
  local line name='' within=no
  while IFS= read -r line; do
    if [[ $line == Parameters: ]]; then within=yes; continue; fi
    [[ $within == yes ]] || continue
    if [[ $line =~ ^[A-Z] ]]; then return; fi
    if [[ $line =~ ^\ \ ([A-Za-z]+):$ ]]; then
      name=${BASH_REMATCH[1]}
      PARAMETERS[$1]+="$name "
    elif [[ $line =~ ^\ {4}Default:\ \"?([^\"]*)\"?$ ]]; then
      DEFAULTS[$1.$name]=${BASH_REMATCH[1]}
    else
      read_constraint "$name" "$line"
    fi
  done <"$DEPLOY/stacks/$1.yaml"
}

# read_constraint PARAMETER LINE: what the line of the template says of the parameter's values, if anything.
read_constraint() {
  if [[ $2 =~ ^\ {4}AllowedValues:\ \[(.*)\]$ ]]; then
    ALLOWED[$1]=${BASH_REMATCH[1]//[\",]/}
  elif [[ $2 =~ ^\ {6}-\ ([^ ]+)$ ]]; then
    ALLOWED[$1]+=" ${BASH_REMATCH[1]}"
  elif [[ $2 =~ ^\ {4}AllowedPattern:\ \"(.*)\"$ ]]; then
    PATTERNS[$1]=${BASH_REMATCH[1]//\\\\/\\}
  elif [[ $2 =~ ^\ {4}MinValue:\ ([0-9]+)$ ]]; then
    LEAST[$1]=${BASH_REMATCH[1]}
  elif [[ $2 =~ ^\ {4}MaxValue:\ ([0-9]+)$ ]]; then
    MOST[$1]=${BASH_REMATCH[1]}
  fi
}

# check_value NAME: CloudFormation would refuse it too, but half an hour and five stacks later.
check_value() {
  local value=${VALUES[$1]}
  if [[ " Region ${PARAMETERS[*]}" != *" $1 "* ]]; then
    MISTAKES+=("no template has a parameter $1")
  elif [[ -v ALLOWED[$1] && " ${ALLOWED[$1]} " != *" $value "* ]]; then
    MISTAKES+=("$1: \"$value\" is none of ${ALLOWED[$1]}")
  elif [[ -v PATTERNS[$1] && ! $value =~ ^(${PATTERNS[$1]#|})$ && (-n $value || ${PATTERNS[$1]} != "|"*) ]]; then
    MISTAKES+=("$1: \"$value\" is not of the form ${PATTERNS[$1]#|}")
  elif [[ -v LEAST[$1] && (! $value =~ ^[0-9]{1,9}$ || $value -lt ${LEAST[$1]}) ]]; then
    MISTAKES+=("$1: \"$value\" is not a number from ${LEAST[$1]} on")
  elif [[ -v MOST[$1] && $value -gt ${MOST[$1]} ]]; then
    MISTAKES+=("$1: \"$value\" is more than ${MOST[$1]}")
  fi
}

# in_effect STACK NAME: what a parameter will be, said or not.
in_effect() { printf '%s' "${VALUES[$2]-${DEFAULTS[$1.$2]}}"; }

check_configuration() {
  local stack name MISTAKES=()
  for stack in "${STACKS[@]}"; do read_parameters "$stack"; done
  read_configuration
  for name in "${!VALUES[@]}"; do check_value "$name"; done
  if ((${#MISTAKES[@]} == 0)); then check_together; fi
  ((${#MISTAKES[@]} == 0)) || fail "$CONFIG is not fit" "${MISTAKES[@]}"
}

# What is fit by itself and not beside the others.
check_together() {
  local cpu memory storage most
  if [[ -n $(setting CertificateArn) && -z $(setting DomainName) ]]; then
    MISTAKES+=("CertificateArn needs DomainName, the host in the certificate")
  fi
  if [[ -n $(setting HostedZoneId) && -z $(setting DomainName) ]]; then
    MISTAKES+=("HostedZoneId needs DomainName, the name to point to the load balancer")
  fi
  if [[ $(setting Egress) == endpoints && $(setting Comics) != built-in ]]; then
    MISTAKES+=("Egress=endpoints leaves no way to xkcd.com: it needs Comics=built-in")
  fi
  if (($(in_effect service MinTasks) > $(in_effect service MaxTasks))); then
    MISTAKES+=("MinTasks is more than MaxTasks")
  fi
  storage=$(in_effect data DatabaseStorage) most=$(in_effect data DatabaseMaxStorage)
  if ((most * 10 < storage * 11)); then
    MISTAKES+=("RDS wants DatabaseMaxStorage to be at least a tenth more than DatabaseStorage, $storage")
  fi
  cpu=$(in_effect task Cpu) memory=$(in_effect task Memory)
  if ((memory < 2 * cpu || memory > 8 * cpu)); then
    MISTAKES+=("Fargate gives $cpu of Cpu from $((2 * cpu)) to $((8 * cpu)) of Memory, not $memory")
  fi
}
