// A centre of short messages: takes what an SMPP client submits, prints it as a line of JSON, and sends receipts.
// node centre.js PORT; answers lines on its standard input: `stat UNDELIV err 043`, `refuse 69`.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const port = Number(process.argv[2]);
let stat = 'DELIVRD', err = '000', refuse = 0, last = 0;
const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const words = line.split(' ');
  if (words[0] === 'stat') { stat = words[1]; err = words[3]; refuse = 0; }
  if (words[0] === 'refuse') refuse = Number(words[1]);
  tell({ event: 'told', line });
});

function taken(pdu) {
  const short = pdu.short_message || {};
  return {
    event: 'submit', to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding, esm: pdu.esm_class,
    udh: (short.udh || []).map((part) => Buffer.from(part).toString('hex')), text: short.message,
    validity: pdu.validity_period, registered: pdu.registered_delivery,
  };
}

function receipt(pdu, id) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611220000 done date:2611220001 stat:${stat} err:${err} text:`;
  return {
    esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, short_message: text,
    receipted_message_id: id, message_state: { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, REJECTD: 8 }[stat] || 7,
  };
}

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(bind, (pdu) => { session.send(pdu.response()); tell({ event: 'bound', as: bind }); });
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('submit_sm', (pdu) => {
    if (refuse) { session.send(pdu.response({ command_status: refuse })); tell({ ...taken(pdu), refused: refuse }); return; }
    const id = (0x0a00 + ++last).toString(16).toUpperCase();
    session.send(pdu.response({ message_id: id }));
    tell({ ...taken(pdu), id });
    if (pdu.registered_delivery) setTimeout(() => session.deliver_sm(receipt(pdu, id)), 20);
  });
});
server.listen(port, '127.0.0.1', () => tell({ event: 'listening', port }));
