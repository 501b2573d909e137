// An independent OPC UA client for the tests.
//   node opcua_client.js '{"url": "opc.tcp://127.0.0.1:48400", "nodes": ["nsu=urn:x;s=A/B", …]}'
// Says "listening" when it is subscribed. Then one JSON command a line on stdin, one answer a line:
//   {"heard": true}                            → {"values": {node: [[time µs, value], …]}}
//   {"read": node, "attribute": "EURange"}     → {"value": …}
//   {"write": node, "type": "Double", "value"} → {"status": "Good"}
//   {"call": method, "of": object, "inputs": [["String", "x"], …]} → {"status": "Good"}
"use strict";
const say = (answer) => process.stdout.write(`${typeof answer === "string" ? answer : JSON.stringify(answer)}\n`);
console.log = console.info = console.warn = console.error; // what the library has to say is no answer
const readline = require("readline");
const {
    OPCUAClient, AttributeIds, TimestampsToReturn, DataType, MessageSecurityMode, SecurityPolicy, makeBrowsePath,
} = require("node-opcua");

const options = JSON.parse(process.argv[2]);

async function main() {
    const client = OPCUAClient.create({
        endpointMustExist: false, securityMode: MessageSecurityMode.None, securityPolicy: SecurityPolicy.None,
        connectionStrategy: { maxRetry: 3 },
    });
    await client.connect(options.url);
    const session = await client.createSession();
    const namespaces = await session.readNamespaceArray();
    const local = (node) => {
        const [space, name] = [node.slice(4, node.indexOf(";")), node.slice(node.indexOf(";") + 1)];
        return `ns=${namespaces.indexOf(space)};${name}`;
    };
    const subscription = await session.createSubscription2({
        requestedPublishingInterval: 100, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 1000,
        maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
    });
    const values = Object.fromEntries(options.nodes.map((node) => [node, []]));
    const items = options.nodes.map((node) => ({ nodeId: local(node), attributeId: AttributeIds.Value }));
    const group = await subscription.monitorItems(
        items, { samplingInterval: 0, queueSize: 10000, discardOldest: true }, TimestampsToReturn.Both,
    );
    group.on("changed", (_, dataValue, index) => values[options.nodes[index]].push([micros(dataValue), plain(dataValue)]));
    say("listening");
    for await (const line of readline.createInterface({ input: process.stdin })) {
        say(await obey(session, local, values, JSON.parse(line)));
    }
    await client.disconnect();
}

async function obey(session, local, values, command) {
    if (command.heard) { return { values }; }
    if (command.read) {
        const path = makeBrowsePath(local(command.read), `.${command.attribute}`);
        const found = await session.translateBrowsePath(path);
        const value = await session.read({ nodeId: found.targets[0].targetId, attributeId: AttributeIds.Value });
        return { value: value.value.value };
    }
    if (command.write) {
        const status = await session.write({
            nodeId: local(command.write), attributeId: AttributeIds.Value,
            value: { value: { dataType: DataType[command.type], value: command.value } },
        });
        return { status: status.name };
    }
    const result = await session.call({
        objectId: local(command.of), methodId: local(command.call),
        inputArguments: command.inputs.map(([type, value]) => ({ dataType: DataType[type], value })),
    });
    return { status: result.statusCode.name };
}

function micros(dataValue) {
    return dataValue.sourceTimestamp.getTime() * 1000 + Math.floor((dataValue.sourcePicoseconds || 0) / 1e6);
}

function plain(dataValue) {
    const value = dataValue.value.value;
    return value && value.text !== undefined ? value.text : value;
}

main().catch((error) => { console.error(error); process.exit(1); });
