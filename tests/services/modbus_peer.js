// An independent Modbus TCP peer (modbus-serial) for the tests.
//   node modbus_peer.js '{"serve": 15020}'    serves registers of its own, says "listening"
//   node modbus_peer.js '{"connect": 15020}'  answers commands, one JSON object a line, says "connected"
"use strict";
const readline = require("node:readline");
const Modbus = require("modbus-serial");

const options = JSON.parse(process.argv[2]);

function serve() {
    const holding = Buffer.alloc(400), input = Buffer.alloc(400), coils = new Map([[5, true], [6, false]]);
    input.writeFloatBE(49.98, 0);
    input.writeDoubleBE(-1234567.875, 4);
    input.writeInt32BE(-70000, 12);
    input.writeBigUInt64BE(123456789012n, 16);
    input.writeInt16BE(-5, 24);
    input.writeUInt32LE(305419896, 26); // bytes 78 56 34 12: little-endian
    input.writeUInt16BE(0x5678, 30); // 0x12345678 with its words swapped
    input.writeUInt16BE(0x1234, 32);
    input.write("Umspannwerk \u00d6st", 40, "utf8");
    let busy = 2;
    const refuse = (code) => { const error = new Error("refused"); error.modbusErrorCode = code; throw error; };
    const seen = [];
    const vector = {
        getInputRegister: (address) => {
            if (address >= 190) { refuse(2); }
            if (address === 150 && busy > 0) { busy -= 1; refuse(6); }
            return input.readUInt16BE(2 * address);
        },
        getHoldingRegister: (address) => holding.readUInt16BE(2 * address),
        getCoil: (address) => (coils.has(address) ? coils.get(address) : refuse(2)),
        getDiscreteInput: (address) => address % 3 === 0,
        setRegister: (address, value) => {
            if (address === 20 && value > 100) { refuse(3); }
            holding.writeUInt16BE(value, 2 * address);
            seen.push(address);
        },
        setCoil: (address, value) => { coils.set(address, value); },
    };
    const server = new Modbus.ServerTCP(vector, { host: "127.0.0.1", port: options.serve, unitID: 7 });
    server.on("initialized", () => console.log("listening"));
}

async function connect() {
    const client = new Modbus.default();
    await client.connectTCP("127.0.0.1", { port: options.connect });
    client.setTimeout(2000);
    const reads = {
        input: (a, n) => client.readInputRegisters(a, n), holding: (a, n) => client.readHoldingRegisters(a, n),
        coil: (a, n) => client.readCoils(a, n), discrete: (a, n) => client.readDiscreteInputs(a, n),
    };
    console.log("connected");
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const asked = JSON.parse(line);
        let answer;
        client.setID(asked.unit || 1);
        try {
            if (asked.read) {
                const got = await reads[asked.read](asked.at, asked.count);
                answer = { data: got.data };
                if (asked.as) { answer.value = got.buffer[`read${asked.as}`](0); }
            } else if (asked.coil !== undefined) {
                await client.writeCoil(asked.at, asked.coil);
                answer = { ok: true };
            } else if (asked.float !== undefined) {
                const bytes = Buffer.alloc(4);
                bytes.writeFloatBE(asked.float);
                await client.writeRegisters(asked.at, [bytes.readUInt16BE(0), bytes.readUInt16BE(2)]);
                answer = { ok: true };
            } else {
                await client.writeRegister(asked.at, asked.write);
                answer = { ok: true };
            }
        } catch (error) {
            answer = { code: error.modbusCode, error: String(error.message) };
        }
        console.log(JSON.stringify(answer));
    }
}

if (options.serve) { serve(); } else { connect().catch((error) => { console.error(error); process.exit(1); }); }
