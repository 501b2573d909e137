// An independent OPC UA client (node-opcua) that does what it is told. One JSON object a line, one answer a line.
//   node opcua_asking.js '{"url": "opc.tcp://127.0.0.1:48400", "pki": "PKI"}'
// Says "connected" when it is. {"read": id} {"browse": id} {"write": id, "type": "Double", "value": 1}
// {"call": id, "of": id, "inputs": [["Double", 1]]} {"history": id, "from": ms, "to": ms} {"watch": [id]} {}: what it heard
"use strict";
const readline = require("node:readline");
const {
    OPCUAClient, OPCUACertificateManager, AttributeIds, DataType, TimestampsToReturn, UserTokenType, ReferenceTypeIds,
} = require("node-opcua");

const options = JSON.parse(process.argv[2]);
const heard = {};

// Localized texts are their text, everything else is as JSON has it.
const plain = (value) => (value && value.text !== undefined ? value.text : value);

function shown(dataValue) {
    return {
        value: plain(dataValue.value ? dataValue.value.value : null), status: dataValue.statusCode.name,
        time: dataValue.sourceTimestamp ? dataValue.sourceTimestamp.getTime() : null,
    };
}

async function main() {
    const manager = new OPCUACertificateManager({ rootFolder: options.pki, automaticallyAcceptUnknownCertificate: true });
    const client = OPCUAClient.create({
        endpointMustExist: false, clientCertificateManager: manager, connectionStrategy: { maxRetry: 0 },
    });
    await client.connect(options.url);
    const session = await client.createSession({ type: UserTokenType.Anonymous });
    console.log("connected");
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let answer;
        try { answer = await obey(session, JSON.parse(line)); } catch (error) { answer = { error: String(error.message) }; }
        console.log(JSON.stringify(answer));
    }
}

async function obey(session, asked) {
    if (asked.namespaces) { return { namespaces: await session.readNamespaceArray() }; }
    if (asked.read) { return shown(await session.read({ nodeId: asked.read, attributeId: AttributeIds.Value })); }
    if (asked.browse) { return browse(session, asked.browse); }
    if (asked.write) {
        const value = { value: { dataType: DataType[asked.type], value: asked.value } };
        if (asked.stamped) { value.sourceTimestamp = new Date(); }
        const status = await session.write({ nodeId: asked.write, attributeId: AttributeIds.Value, value });
        return { status: status.name };
    }
    if (asked.call) {
        const result = await session.call({
            objectId: asked.of, methodId: asked.call,
            inputArguments: asked.inputs.map(([type, value]) => ({ dataType: DataType[type], value })),
        });
        return { status: result.statusCode.name, outputs: (result.outputArguments || []).map((v) => plain(v.value)) };
    }
    if (asked.arguments) {
        const found = await session.getArgumentDefinition(asked.arguments);
        const named = (list) => list.map((a) => [a.name, DataType[a.dataType.value]]);
        return { inputs: named(found.inputArguments), outputs: named(found.outputArguments) };
    }
    if (asked.history) {
        const result = await session.readHistoryValue(asked.history, new Date(asked.from), new Date(asked.to));
        return { status: result.statusCode.name, values: result.historyData.dataValues.map(shown) };
    }
    if (asked.watch) { return watch(session, asked.watch); }
    return { heard };
}

async function browse(session, nodeId) {
    const found = await session.browse({
        nodeId, referenceTypeId: ReferenceTypeIds.HierarchicalReferences, includeSubtypes: true, browseDirection: 0,
        nodeClassMask: 0, resultMask: 63,
    });
    return {
        children: Object.fromEntries(found.references.map((r) => [r.browseName.name, {
            space: r.browseName.namespaceIndex, id: r.nodeId.toString(), type: r.typeDefinition.toString(),
        }])),
    };
}

async function watch(session, ids) {
    const subscription = await session.createSubscription2({
        requestedPublishingInterval: 50, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 20,
        maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
    });
    for (const id of ids) { heard[id] = []; }
    const group = await subscription.monitorItems(
        ids.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })),
        { samplingInterval: 0, queueSize: 10000, discardOldest: true }, TimestampsToReturn.Both,
    );
    group.on("changed", (item, dataValue, index) => heard[ids[index]].push(shown(dataValue)));
    return { ok: true };
}

main().catch((error) => { console.error(error); process.exit(1); });
