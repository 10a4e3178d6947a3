package poster

// sentences are what the pages say, by name and language. A deployment's catalogue may say it otherwise, or in another language, under
// "poster." and the name. {dial}, {code}, {short} and {urgent} are put in. What stands on the poster and outside on the card may be read by
// anyone who passes: front and outside hold it to the words that such a text may use.
//
// The Khmer is ours and its meaning stands in the comment; a native reader is to see it before it is printed in numbers.
var sentences = map[string]map[string]string{
	// Would you like to talk with somebody?
	"front.title": {"km": "ចង់និយាយជាមួយអ្នកណាម្នាក់ទេ?", "en": "Would you like to talk to someone?"},
	// Any matter is all right. There is someone who listens.
	"front.any": {"km": "រឿងអ្វីក៏បាន។ មានអ្នកស្តាប់។", "en": "Whatever it is. Somebody listens."},
	// On whatever phone, press
	"front.dial": {"km": "លើទូរស័ព្ទណាក៏បាន សូមចុច", "en": "On any phone, dial"},
	// Or write {code}, send it to {short}
	"front.text": {"km": "ឬសរសេរ {code} ផ្ញើទៅ {short}", "en": "or text {code} to {short}"},
	// Or write, send it to {short}
	"front.text.plain": {"km": "ឬសរសេរសារ ផ្ញើទៅ {short}", "en": "or write to {short}"},
	// Press 0 to leave, at any time.
	"front.leave": {"km": "ចុច 0 ដើម្បីចេញ ពេលណាក៏បាន។", "en": "Press 0 to leave, whenever you like."},
	// If it is urgent, call {urgent}.
	"front.urgent": {"km": "បើបន្ទាន់ ហៅ {urgent}។", "en": "If it is urgent, call {urgent}."},
	// or
	"or": {"km": "ឬ", "en": "or"},

	// Outside on the card: please press
	"outside.dial": {"km": "សូមចុច", "en": "Dial"},
	// Fold here
	"outside.fold": {"km": "បត់ត្រង់នេះ", "en": "fold here"},

	// Inside the card, which its holder opens alone.
	// A number instead of words
	"inside.title": {"km": "លេខជំនួសពាក្យ", "en": "A number instead of words"},
	// Write {code}, leave a space, then any one of the numbers. Send it to {short}. (លេខមួយ would also be "number one".)
	"inside.how": {"km": "សរសេរ {code} ដកឃ្លា រួចលេខណាមួយ។ ផ្ញើទៅ {short}។", "en": "Write {code}, a space, then one of the numbers. Send it to {short}."},
	// For example
	"inside.example": {"km": "ឧទាហរណ៍៖", "en": "For example:"},
	// What is happening?
	"inside.means": {"km": "មានរឿងអ្វី?", "en": "What is happening?"},
	// Before and after
	"inside.after": {"km": "មុន និងក្រោយ", "en": "Before and after"},
	// Dial when you are alone and nobody sees the screen.
	"inside.alone": {"km": "ចុចពេលនៅម្នាក់ឯង គ្មានអ្នកឃើញអេក្រង់។", "en": "Dial when you are alone and nobody sees the screen."},
	// Press 0 and it closes at once. You can dial again later.
	"inside.leave": {"km": "ចុច 0 បិទភ្លាម។ ចុចមកវិញពេលក្រោយបាន។", "en": "Press 0 and it closes at once. You can dial again later."},
	// Afterwards delete the number that was dialled: open the list of calls, choose the number, then delete it.
	"inside.clear": {"km": "ក្រោយមក លុបលេខដែលបានចុច៖ បើកបញ្ជីហៅ រើសលេខនោះ រួចលុប។",
		"en": "Afterwards delete the number you dialled: open the list of calls, choose it, delete it."},
	// Delete the messages too: open the messages, delete both those that came in and those that were sent.
	"inside.clear.text": {"km": "លុបសារដែរ៖ បើកសារ លុបទាំងសារចូល និងសារដែលបានផ្ញើ។",
		"en": "Delete the messages too: open them, delete those that came and those you sent."},
	// We tell only those who help. The phone company sees the number that dials.
	"inside.honest": {"km": "យើងប្រាប់តែអ្នកដែលជួយ។ ក្រុមហ៊ុនទូរស័ព្ទឃើញលេខដែលចុចមក។",
		"en": "We tell only those who help. The phone company sees which number dialled."},
	// There is danger now? If possible, go to a grown-up whom you trust. Call {urgent}. (As on the screen: report.numbers.child.)
	"inside.urgent": {"km": "មានគ្រោះថ្នាក់ឥឡូវ? បើអាច ទៅរកមនុស្សធំដែលទុកចិត្ត។ ហៅ {urgent}។",
		"en": "In danger now? If you can, go to a grown-up you trust. Call {urgent}."},
}
