// The operator of the end-to-end test: an SMPP server on 127.0.0.1:2775 that carries USSD. It does what a line of JSON on
// its standard input says, and tells what the gateway's Kannel sent as a line of JSON each; it ends with its input.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const [user, password] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
let session = null;  // the connection that is bound
let throttle = 0;    // how many screens are refused with ESME_RTHROTTLED before the next is taken
let messages = 0;

function text(pdu) {
  const body = pdu.short_message.message;
  return Buffer.isBuffer(body) ? body.toString('latin1') : body;
}

const server = smpp.createServer({}, (s) => {
  s.on('error', () => {});
  s.on('bind_transceiver', (pdu) => {
    if (pdu.system_id !== user || pdu.password !== password) {
      s.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      s.close();
      return;
    }
    session = s;
    s.send(pdu.response({ system_id: 'OPERATOR' }));
    say({ event: 'bound' });
  });
  s.on('submit_sm', (pdu) => {
    if (throttle > 0) {
      throttle -= 1;
      s.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      say({ event: 'throttled' });
      return;
    }
    messages += 1;
    s.send(pdu.response({ message_id: 'm' + messages }));
    say({
      event: 'screen', to: pdu.destination_addr, text: text(pdu), coding: pdu.data_coding, udh: Boolean(pdu.short_message.udh),
      service: pdu.service_type, esm: pdu.esm_class, op: pdu.ussd_service_op,
      session: Buffer.from(pdu.its_session_info || []).toString('hex'),
    });
  });
  s.on('enquire_link', (pdu) => s.send(pdu.response()));
  s.on('unbind', (pdu) => { s.send(pdu.response()); s.close(); });
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  if (order.throttle) {
    throttle = order.throttle;
    say({ event: 'throttling' });
    return;
  }
  // Keys come in a coding of cell broadcast (0x0f), as operators send them; Khmer in UCS-2.
  const khmer = /[^\x00-\x7f]/.test(order.text);
  session.deliver_sm({
    service_type: 'USSD', source_addr_ton: 1, source_addr_npi: 1, source_addr: order.from, destination_addr: '1280',
    data_coding: khmer ? 8 : 0x0f, short_message: khmer ? order.text : Buffer.from(order.text, 'latin1'),
    ussd_service_op: order.op, its_session_info: Buffer.from(order.session, 'hex'),
  }, () => say({ event: 'taken' }));
}).on('close', () => process.exit(0));

server.listen(2775, '127.0.0.1', () => say({ event: 'listening' }));
