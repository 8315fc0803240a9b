#!/bin/sh
# Starts one of compose.yaml's Kafka brokers: writes its settings, formats its disk the first time, with the roles'
# passwords. Nothing of the image's own start script is used: it can't make users.
#
# NODE_ID, HOST, VOTERS (id@host:port,…) and CLUSTER_ID are given. The others are for running it outside a container.
set -eu
secrets=${SECRETS:-/run/secrets}
kafka=${KAFKA_BIN:-/opt/kafka/bin}
data=${DATA:-/var/lib/kafka/data}
work=${WORK:-/tmp}
client=${CLIENT_PORT:-9092}
controller=${CONTROLLER_PORT:-9093}
umask 077

secret() { cat "$secrets/$1"; }

scram=org.apache.kafka.common.security.scram.ScramLoginModule
plain=org.apache.kafka.common.security.plain.PlainLoginModule
between=$(secret kafka_controller)

cat >"$work/server.properties" <<SETTINGS
process.roles=broker,controller
node.id=$NODE_ID
controller.quorum.voters=$VOTERS
controller.listener.names=CONTROLLER
listeners=CLIENT://:$client,CONTROLLER://:$controller
advertised.listeners=CLIENT://$HOST:$client
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=CLIENT
log.dirs=$data

# Controllers can't use SCRAM among themselves: SCRAM's passwords are in the very metadata that they agree about.
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=$plain required username="dancu-broker" password="$between" user_dancu-broker="$between";
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=$scram required username="dancu-broker" password="$(secret kafka_broker)";

authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:dancu-broker;User:dancu-operator
allow.everyone.if.no.acl.found=false

auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
unclean.leader.election.enable=false
# Positions of a group that was silent for long: a worker that comes back after a month must not begin anew.
offsets.retention.minutes=525600
SETTINGS

cat >"$work/client.properties" <<SETTINGS
security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=$scram required username="dancu-operator" password="$(secret kafka_operator)";
SETTINGS

LOG_DIR=$work
KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=${LOG4J:-/etc/dancu/log4j2.yaml}
export LOG_DIR KAFKA_LOG4J_OPTS

"$kafka/kafka-storage.sh" format --ignore-formatted --cluster-id "$CLUSTER_ID" --config "$work/server.properties" \
    --add-scram "SCRAM-SHA-512=[name=dancu-broker,password=$(secret kafka_broker)]" \
    --add-scram "SCRAM-SHA-512=[name=dancu-operator,password=$(secret kafka_operator)]" \
    --add-scram "SCRAM-SHA-512=[name=dancu-intake,password=$(secret kafka_intake)]" \
    --add-scram "SCRAM-SHA-512=[name=dancu-worker,password=$(secret kafka_worker)]" \
    --add-scram "SCRAM-SHA-512=[name=dancu-deliver,password=$(secret kafka_deliver)]" \
    --add-scram "SCRAM-SHA-512=[name=dancu-web,password=$(secret kafka_web)]"
exec "$kafka/kafka-server-start.sh" "$work/server.properties"
