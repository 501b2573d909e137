// An independent OPC UA server for the tests.
//   node opcua_server.js '{"port": 48400, "pki": "PKI", "secure": false, "history": false, "companions": false}'
// Says "listening" on stdout when it is ready. Ends when it is killed.
"use strict";
const path = require("path");
const {
    OPCUAServer, OPCUACertificateManager, Variant, DataType, DataValue, StatusCodes, MessageSecurityMode,
    SecurityPolicy, nodesets, coerceNodeId, standardUnits, makeAccessLevelFlag,
} = require("node-opcua");

const options = JSON.parse(process.argv[2]);
const PERIOD = options.period || 50; // [ms] between two values of Counter

async function main() {
    const manager = (name, accept) => new OPCUACertificateManager({
        rootFolder: path.join(options.pki, name), automaticallyAcceptUnknownCertificate: accept,
    });
    const server = new OPCUAServer({
        hostname: "127.0.0.1",
        port: options.port,
        resourcePath: "",
        nodeset_filename: options.companions ? [
            nodesets.standard, nodesets.di, nodesets.machinery, nodesets.ia, nodesets.isa95JobControl,
            nodesets.machineryJobs, nodesets.machineryResult, nodesets.machineTool, nodesets.packML,
        ].filter(Boolean) : [nodesets.standard],
        securityPolicies: options.secure
            ? [SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes128_Sha256_RsaOaep, SecurityPolicy.Aes256_Sha256_RsaPss]
            : [SecurityPolicy.None],
        securityModes: [options.secure ? MessageSecurityMode.SignAndEncrypt : MessageSecurityMode.None],
        allowAnonymous: !options.users,
        userManager: options.users ? { isValidUser: (name, password) => options.users[name] === password } : undefined,
        serverCertificateManager: manager("server", options.acceptClients !== false),
        userCertificateManager: manager("users", true),
        serverInfo: { applicationUri: `urn:127.0.0.1:${options.port}:test` },
        discoveryServerEndpointUrl: undefined,
        registerServerMethod: 1,
    });
    await server.initialize();
    build(server.engine.addressSpace);
    await server.start();
    console.log("listening");
}

function build(addressSpace) {
    const namespace = addressSpace.registerNamespace("urn:luban:test");
    const machine = namespace.addObject({ organizedBy: addressSpace.rootFolder.objects, browseName: "Machine" });
    const variable = (name, dataType, value, extra) => {
        const made = namespace.addVariable({
            componentOf: machine, browseName: name, nodeId: `s=${name}`, dataType, minimumSamplingInterval: 0, ...extra,
        });
        made.setValueFromSource({ dataType: DataType[dataType], value });
        return made;
    };
    // Each value is its own time: nothing can be lost or doubled unseen.
    const counter = variable("Counter", "UInt32", 0);
    const state = variable("State", "String", "Executing");
    variable("Setpoint", "Float", 1, { accessLevel: "CurrentRead | CurrentWrite", userAccessLevel: "CurrentRead | CurrentWrite" });
    const strict = variable("Strict", "Int16", 1, { accessLevel: "CurrentRead | CurrentWrite", userAccessLevel: "CurrentRead | CurrentWrite" });
    refuseStamps(strict);
    const broken = variable("Broken", "Double", 0);
    broken.setValueFromSource({ dataType: DataType.Double, value: 0 }, StatusCodes.BadSensorFailure);
    namespace.addAnalogDataItem({
        componentOf: machine, browseName: "Load", nodeId: "s=Load", dataType: "Double", engineeringUnits: standardUnits.percent,
        engineeringUnitsRange: { low: 0, high: 200 }, instrumentRange: { low: 0, high: 200 },
        value: new Variant({ dataType: DataType.Double, value: 71 }),
    });
    if (options.history) {
        addressSpace.installHistoricalDataNode(counter, { maxOnlineValues: 100000 });
    }
    let n = 0;
    setInterval(() => {
        n += 1;
        counter.setValueFromSource({ dataType: DataType.UInt32, value: n }, StatusCodes.Good, new Date());
    }, PERIOD);
    if (options.burst) {
        const burst = variable("Burst", "UInt32", 0);
        let b = 0;
        setInterval(() => {
            for (let i = 0; i < options.burst; i += 1) {
                b += 1;
                burst.setValueFromSource({ dataType: DataType.UInt32, value: b });
            }
        }, 100);
    }
    if (options.companions) {
        companions(addressSpace, namespace, state);
    }
}

// A strict server, as many controllers are: a write that brings a status or a timestamp is refused.
function refuseStamps(node) {
    const write = node.writeValue.bind(node);
    node.writeValue = function (context, dataValue, ...rest) {
        if (dataValue.sourceTimestamp || dataValue.serverTimestamp || dataValue.statusCode.value !== 0) {
            const callback = rest[rest.length - 1];
            return typeof callback === "function"
                ? callback(null, StatusCodes.BadWriteNotSupported) : Promise.resolve(StatusCodes.BadWriteNotSupported);
        }
        return write(context, dataValue, ...rest);
    };
}

function companions(addressSpace, namespace) {
    const index = (uri) => addressSpace.getNamespaceIndex(uri);
    const machinery = index("http://opcfoundation.org/UA/Machinery/");
    const tool = index("http://opcfoundation.org/UA/MachineTool/");
    const packml = index("http://opcfoundation.org/UA/PackML/");
    const machines = addressSpace.findNode(coerceNodeId(`ns=${machinery};i=1001`));
    const type = addressSpace.findObjectType("MachineToolType", tool);
    const machine = type.instantiate({
        browseName: "Mill 7", organizedBy: machines, namespace,
        optionals: [
            "Monitoring.MachineTool.MachineryItemState", "Monitoring.MachineTool.MachineryOperationMode",
            "Monitoring.MachineTool.FeedOverride", "Production.Statistics", "Production.Statistics.PartsProducedInLifetime",
        ],
    });
    const state = machine.monitoring.machineTool.machineryItemState;
    const mode = machine.monitoring.machineTool.machineryOperationMode;
    if (state) { state.currentState.setValueFromSource({ dataType: DataType.LocalizedText, value: { text: "Executing" } }); }
    if (mode) { mode.currentState.setValueFromSource({ dataType: DataType.LocalizedText, value: { text: "Processing" } }); }
    const parts = machine.production.statistics && machine.production.statistics.partsProducedInLifetime;
    if (parts) {
        let made = 100;
        parts.setValueFromSource({ dataType: DataType.UInt32, value: made });
        setInterval(() => { made += 1; parts.setValueFromSource({ dataType: DataType.UInt32, value: made }); }, 200);
    }
    const packer = addressSpace.findObjectType("PackMLBaseObjectType", packml).instantiate({
        browseName: "Packer", organizedBy: addressSpace.rootFolder.objects, namespace,
    });
    if (process.env.SHOW) {
        for (const m of [machine, packer]) { show(m, 0); }
    }
}

function show(node, depth) {
    if (depth > 6) { return; }
    console.error("  ".repeat(depth) + node.browseName.toString() + " " + node.nodeId.toString());
    for (const child of node.getAggregates ? node.getAggregates() : []) { show(child, depth + 1); }
}

main().catch((error) => { console.error(error); process.exit(1); });
