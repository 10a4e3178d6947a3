package operatorussd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// exchange is one request as an operator writes it, and what must come of it.
type exchange struct {
	name, shape  string
	target, body string // the address behind the token; the body
	answer       adapters.Answer
	message      *adapters.Message
	ended        string
	want         string      // the body
	headers      http.Header // compared where given, with their spelling
}

const json1 = `,"Operator":"mtn","ServiceCode":"1280"`

func TestWire(t *testing.T) {
	t.Parallel()
	screen := adapters.Answer{Text: "1 ខ្មែរ <Khmer>\n2 English"}
	last := adapters.Answer{Text: "សូមអរគុណ", End: true}
	said := func(operator, session, text string, change func(*adapters.Message)) *adapters.Message {
		m := &adapters.Message{Provider: "ussd/" + operator, Channel: adapters.USSD, Session: session, From: number(t, "+85512000201"),
			To: code, Text: text, Dialled: true}
		if change != nil {
			change(m)
		}
		return m
	}
	begins := func(m *adapters.Message) { m.New = true }
	for _, c := range []exchange{
		{name: "a session begins", shape: "hubtel", body: `{"SessionId":"s-1","Mobile":"85512000201","Type":"Initiation","Message":"*1280*0204#"` + json1 + `,"Sequence":1}`,
			answer: screen, want: `{"Message":"1 ខ្មែរ <Khmer>\n2 English","Type":"Response"}`,
			message: said("hubtel", "s-1", "*1280*0204#", func(m *adapters.Message) { m.New, m.To = true, "1280" })},
		{name: "a key, the last screen", shape: "hubtel", body: `{"SessionId":"s-1","Mobile":"85512000201","Type":"Response","Message":"2"` + json1 + `}`,
			answer: last, want: `{"Message":"សូមអរគុណ","Type":"Release"}`,
			message: said("hubtel", "s-1", "2", func(m *adapters.Message) { m.To = "1280" })},
		{name: "hung up", shape: "hubtel", body: `{"SessionId":"s-1","Mobile":"85512000201","Type":"Release","Message":""` + json1 + `}`, ended: "s-1", want: `{"Message":"","Type":"Release"}`},
		{name: "timed out", shape: "hubtel", body: `{"SessionId":"s-1","Mobile":"85512000201","Type":"Timeout","Message":""` + json1 + `}`, ended: "s-1", want: `{"Message":"","Type":"Release"}`},
		{name: "a message that is null", shape: "hubtel", body: `{"SessionId":"s-1","Mobile":"85512000201","Type":"Response","Message":null` + json1 + `}`,
			answer: screen, want: `{"Message":"1 ខ្មែរ <Khmer>\n2 English","Type":"Response"}`, message: said("hubtel", "s-1", "", func(m *adapters.Message) { m.To = "1280" })},

		{name: "a session begins", shape: "nalo", body: `{"USERID":"chumrok","MSISDN":"85512000201","USERDATA":"*1280#","MSGTYPE":true,"NETWORK":"MTN","SESSIONID":"s-2"}`,
			answer: screen, want: `{"MSG":"1 ខ្មែរ <Khmer>\n2 English","MSGTYPE":true,"MSISDN":"85512000201","USERID":"chumrok"}`, message: said("nalo", "s-2", "*1280#", begins)},
		{name: "digits as a number, the last screen", shape: "nalo", body: `{"USERID":"chumrok","MSISDN":85512000201,"USERDATA":2,"MSGTYPE":false,"NETWORK":"MTN","SESSIONID":16690001}`,
			answer: last, want: `{"MSG":"សូមអរគុណ","MSGTYPE":false,"MSISDN":"85512000201","USERID":"chumrok"}`, message: said("nalo", "16690001", "2", nil)},

		{name: "a session begins", shape: "arkesel", body: `{"sessionID":"s-3","userID":"u","newSession":true,"msisdn":"85512000201","userData":"*1280#","network":"MTN"}`,
			answer: screen, want: `{"continueSession":true,"message":"1 ខ្មែរ <Khmer>\n2 English","msisdn":"85512000201","sessionID":"s-3","userID":"u"}`, message: said("arkesel", "s-3", "*1280#", begins)},
		{name: "the last screen", shape: "arkesel", body: `{"sessionID":"s-3","userID":"u","newSession":false,"msisdn":"85512000201","userData":"1","network":"MTN"}`,
			answer: last, want: `{"continueSession":false,"message":"សូមអរគុណ","msisdn":"85512000201","sessionID":"s-3","userID":"u"}`, message: said("arkesel", "s-3", "1", nil)},

		{name: "a session begins", shape: "beem", body: `{"session_id":"s-4","msisdn":"85512000201","operator":"vodacom","command":"initiate","payload":{"request_id":"0","response":"0"}}`,
			answer: screen, want: `{"command":"continue","msisdn":"85512000201","operator":"vodacom","payload":{"request":"1 ខ្មែរ <Khmer>\n2 English","request_id":"0"},"session_id":"s-4"}`,
			message: said("beem", "s-4", "0", func(m *adapters.Message) { m.New, m.ID = true, "s-4|0" })},
		{name: "the last screen", shape: "beem", body: `{"session_id":"s-4","msisdn":"85512000201","operator":"vodacom","command":"continue","payload":{"request_id":"7","response":"2"}}`,
			answer: last, want: `{"command":"terminate","msisdn":"85512000201","operator":"vodacom","payload":{"request":"សូមអរគុណ","request_id":"7"},"session_id":"s-4"}`,
			message: said("beem", "s-4", "2", func(m *adapters.Message) { m.ID = "s-4|7" })},
		{name: "let go", shape: "beem", body: `{"session_id":"s-4","msisdn":"85512000201","operator":"vodacom","command":"terminate","payload":{"request_id":"8","response":""}}`,
			ended: "s-4", want: `{"command":"terminate","msisdn":"85512000201","operator":"vodacom","payload":{"request":"","request_id":"8"},"session_id":"s-4"}`},

		{name: "a session begins", shape: "mtn", body: `{"sessionId":"s-5","messageType":"0","msisdn":"85512000201","serviceCode":"*1280#","ussdString":"*1280#","cellId":"1","imsi":"456010000000001","language":"en"}`,
			answer: screen, want: `{"data":{"inboundResponse":"1 ខ្មែរ <Khmer>\n2 English","messageType":"1","msisdn":"85512000201","serviceCode":"*1280#","userInputRequired":true},"statusCode":"0000","statusMessage":"Success","transactionId":"s-5"}`,
			message: said("mtn", "s-5", "*1280#", begins)},
		{name: "the last screen", shape: "mtn", body: `{"sessionId":"s-5","messageType":"1","msisdn":"85512000201","serviceCode":"*1280#","ussdString":"2"}`,
			answer: last, want: `{"data":{"inboundResponse":"សូមអរគុណ","messageType":"2","msisdn":"85512000201","serviceCode":"*1280#","userInputRequired":false},"statusCode":"0000","statusMessage":"Success","transactionId":"s-5"}`,
			message: said("mtn", "s-5", "2", nil)},

		{name: "a session begins", shape: "airtel", target: "?SessionID=13697502734175597&MSISDN=85512000201&MSC=mum&input=1280*0204&userid=u&password=p",
			answer: screen, want: "1 ខ្មែរ <Khmer>\n2 English", headers: http.Header{"Freeflow": {"FC"}, "charge": {"N"}, "amount": {"0"}},
			message: said("airtel", "13697502734175597", "1280*0204", nil)},
		{name: "the last screen, with the text in Khmer digits", shape: "airtel", target: "?SessionID=13697502734175597&MSISDN=85512000201&MSC=mum&input=%E1%9F%A2",
			answer: last, want: "សូមអរគុណ", headers: http.Header{"Freeflow": {"FB"}}, message: said("airtel", "13697502734175597", "២", nil)},
		{name: "cleaned up", shape: "airtel", target: "?SessionID=13697502734175597&msisdn=85512000201&clean=clean-session&error=522&status=522", ended: "13697502734175597", headers: http.Header{"Freeflow": {"FB"}}},
	} {
		t.Run(c.shape+": "+c.name, func(t *testing.T) {
			t.Parallel()
			c.play(t, operator(t, operators(t)[c.shape], token))
		})
	}
}

func (c exchange) play(t *testing.T, o *Operator) {
	t.Helper()
	sink := &adaptertest.Sink{Answer: c.answer}
	r := httptest.NewRequest(o.config.Shape.Request.Method, "/hooks/ussd/"+c.shape+"/"+token+c.target, strings.NewReader(c.body))
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	status, header, body := adaptertest.Serve(t, o, sink, r)
	if status != http.StatusOK || body != c.want {
		t.Errorf("status %d, body %s\nwant 200, %s", status, body, c.want)
	}
	for name, want := range c.headers {
		if diff := cmp.Diff(want, header[name]); diff != "" {
			t.Errorf("header %s: %s", name, diff)
		}
	}
	var want []adapters.Message
	if c.message != nil {
		want = []adapters.Message{*c.message}
	}
	if diff := cmp.Diff(want, sink.Messages()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	ends := sink.Calls() - len(sink.Messages())
	if (ends == 1) != (c.ended != "") {
		t.Errorf("%d notices that the session is over", ends)
	}
}
