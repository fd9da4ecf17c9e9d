### What Sealdrop's window says, in English. How to add a sentence or a language: see src/ui/text/mod.rs.

# This language by its own name, as it stands in the settings.
language-name = English

## Numbers

decimal-mark = .
group-mark = ,
unit-kb = kB
unit-mb = MB
unit-gb = GB
unit-tb = TB
unit-pb = PB
unit-eb = EB

## Words: texts that carry no name and no figure

accept = Accept
accept-message-tip = Keeps the message, and tells the sender that it was delivered
activity = Activity
add-address = Add
add-files = Add files…
add-files-title = Add files to send
add-folder = Add folder…
add-folder-title = Add a folder to send
address-hint = Name, address or link
address-label = Address
addresses-label = Last used at
all-files = All files
allow-different = This is a different device
allow-different-tip = Lets it call as a stranger. The device that you verified stays verified
allowed-different = It may call as a stranger now. Ask its owner to try again
app-name = Sealdrop
around = Nearby
around-tip = Something at this address announces itself
ask-again = Ask again
back = Back
badge-blocked = Blocked
badge-blocked-tip = Its offers are declined without asking
began-anew = Began anew
cancel = Cancel
cancelling = Cancelling…
change = Change…
check-again = Check again
checking = Checking…
checksum-hint = Paste an MD5 checksum here
checksum-label = Checksum
choose-files = Choose files…
choose-folder = Choose folder…
choose-folder-title = Choose the folder to save to
choose-list = Choose checksum file…
claim-tip = This is what it calls itself. You compare a code before anything is believed
classic-caution = Not encrypted, and the other side is not asked
classic-label = Plain protocol
classic-no-code = It speaks the plain protocol, which has no keys: it cannot be verified
classic-setting = Let programs that are not Sealdrop offer files (plain protocol, not encrypted)
classic-tip = For programs that are not Sealdrop. Not encrypted; nothing comes back to confirm it
clear = Clear
clear-history = Clear history
clear-history-sure = What was sent and received is forgotten. The files stay where they are
close = Close
close-anyway = Stop and close
close-title = Close Sealdrop?
closing = Closing…
code-agreeing = Agreeing on a code…
code-ask = Ask its owner, face to face or by phone, which code they see. If it is the same, press Verified to remember the other device
code-for-them = If the other person asks for the code:
code-once-more = The other screen shows the same code, unless somebody is between the two devices
codes-differ-advice = Ask the other person in another way, by phone for example, what they see. Try again over a network that you both trust
codes-differ-title = The codes differ
compare = Compare…
compare-codes = Compare codes
compare-codes-tip = Shows six digits on both screens, without sending a file
compare-empty = Paste what the other side publishes to see whether it is the same
compare-equal = Equal: the checksums are the same
compare-title = Compare codes
conflict-accept = What is accepted without asking keeps both
conflict-ask = Choose on each card
conflict-label = When a name is taken
copied = Copied
copy = Copy
copy-details = Copy details
copy-key = Copy key
copy-message = Copy message
copy-link = Copy link
decline = Decline
details = Details
device-key-label = Key
device-name-label = Device name
device-verified = Verified device
devices = Devices
discard = Discard
dismiss = Dismiss
do-not-close = Keep running
drop-files-to-verify = Drop files here to see their seals
drop-here = Drop files and folders here
drop-now = Let go to add them
drop-now-detail = Nothing is sent until you press Send
drop-to-verify = Let go to see the seals
drop-to-verify-detail = The files are only read, nothing is sent
empty-folder = empty folder
end-comparison = End comparison
end-now = End now
engine-busy = Sealdrop is busy. Nothing was lost: try that again in a moment
engine-gone = Sealdrop has stopped working inside. Please close it and start it again
everybody-for-a-while = Everybody for 10 minutes
everybody-for-a-while-tip = After that it is as it was before
expected-key = The key you verified
file-column = File
first-start = Ready to use. Is this right?
first-start-done = Looks good
forget = Forget
forget-sure = Its files will be asked for like a stranger’s
forget-sure-unverified = It is taken off the list
here-now = Here now
here-now-tip = It has shown its key a moment ago
hide-files = Hide files
hide-key = Hide key
hide-keys = Hide keys
hide-names = Hide names
history = History
history-empty = Nothing has been sent or received yet. Everything that ends is listed here, also after a restart
history-label = History with it
history-looking = Looking…
history-not-found = Nothing in the history holds that
inspect-file = Choose a file to see its seal
interrupted = Interrupted
keep = Keep
keep-both = Keep both
keep-both-tip = The new one gets a number: Photos (2)
key-damaged-text = Sealdrop proves who it is with a key that only this device has. The file with it cannot be understood
key-damaged-title = The key of this device is damaged
key-exposed-text = Sealdrop proves who it is with a key that only this device has. Other users of this computer may read the file with it and could pretend to be this device
key-exposed-title = Others may read the key of this device
key-make-private = Make it private and go on
key-make-private-text = Only you may read it from now on. Choose this if nobody else can have read it yet
key-new = Begin with a new key
key-new-text = The old file is kept aside. Other people will have to verify this device again
language-label = Language
language-system = As the system
link = link
link-taken = The link is in the field Address
listen-elsewhere = Use another port
lost-drop = Nothing arrived from that drag. If you let go over this window, the file manager could not hand it over: use Add files… instead
mark-classic = Plain protocol
mark-not-encrypted = Not encrypted
mark-not-verified = Not verified
message = Message
message-delivered = Delivered
message-delivering = Delivering…
message-hint = Message (optional)
message-label = Message
message-received = Received
message-receiving = Receiving…
met-key = The key that was met
move-down = Move down
move-up = Move up
moving = Moving
nearby = Nearby
need-choice = Choose a device
need-files = Add something to send
need-walk = Still counting
never-verified = Not verified. Compare codes to be sure that it is the device it says it is
no-activity = Nothing sent or received yet
no-address = It has only called us: where to send to is not known
no-devices = Devices you send to are remembered here
no-history = Nothing sent or received with this device yet
no-limit = no limit
no-paths-in-clipboard = The clipboard holds no files and no text
no-selection = Choose at least one file
nobody-else = Nobody else
nobody-nearby = Nobody yet. Is Sealdrop open on the other device, in the same network, and visible to everybody? A typed address always works
not-encrypted-tip = Whoever runs the network could read it
notifications-setting = Show notifications while the window is not in front
not-verified-tip = Its key has not been compared with its owner
nothing-new = Everything was there already
nothing-to-send = nothing to send
nothing-to-verify = The clipboard holds no file, and no MD5 checksum for a file that is shown
open-device-page = Open device page
open-dialog-failed = The file dialog did not open. On Linux it needs a desktop portal (or zenity). Type a path instead
outcome-cancelled = Cancelled
outcome-complete = Complete
outcome-declined = Declined
outcome-missed = Missed
outcome-not-confirmed = Not confirmed
outcome-partial = In part
own-address = Others send to
own-key-tip = What others know this device by once they have verified it
own-link-none = This device cannot be reached now: it is in no network, or has no port
own-link-text = Scan it, or paste the link into Address on the other device. It holds where this device is and its key, so that no other can take its place
own-link-tip = Addresses, name and key of this device in one
own-link-title = Link to this device
parallel-hint = in each direction, 1 to 16; others wait
parallel-label = Transfers at the same time
paste = Paste
paste-tip = Adds the files, the paths or the text on the clipboard (Ctrl+V)
pasted-too-long = The text on the clipboard is too long for a message. Save it as a file and send that instead
path-for-checksums = Type the whole path of the file to save the checksums in
path-for-folder = Type the whole path of the folder to save to
path-for-list = Type the whole path of a checksum file
path-for-sending = Type the whole path of a file or folder to send
path-for-verifying = Type the whole path of a file or folder to verify
path-hint = /path/to/file or folder
path-label = Path
pause = Pause
pause-classic-tip = The plain protocol knows no pause
paused = Paused
perhaps-here = May be here
perhaps-here-tip = Something nearby says that it is this device, and has not shown its key yet
port-label = Port
port-taken = Another program, or another Sealdrop, may be using it. Files cannot be received until another port is used
port-tip = 0 lets the system choose a free one
queued-file = Waiting
quit = Quit
receive-folder-label = Save received files to
receive-limit-label = Speed limit for receiving
remove = Remove
replace = Replace
replace-tip = The file that is there is replaced once the new one is verified
resume = Resume
resume-by-itself-tip = It goes on by itself once the other device can go on
resume-looks-tip = Looks again now
resume-there-tip = It is held on the other device, and goes on from there
resume-try-now-tip = Tries again now
resume-trying-tip = It is being tried right now
retry = Retry
retry-all-tip = Offers what has not arrived again, as it is now
rule-accept = Accept into a folder
rule-ask = Ask each time
rule-block = Block
rule-label = When it offers files
rule-needs-folder = Choose a folder first. Until then it goes on as before
running = Under way
save = Save
save-checksums = Save checksums…
save-checksums-title = Save the checksums
save-to = Save to
saved = Saved
seal-column = Seal
seal-not-checked = Not checked by the other side
seal-verified = Verified: the same on both devices
search-history = Search history
search-history-hint = Search by device, file, seal or message
send = Send
send-again = Send again
send-again-tip = Offers the same files and folders, as they are now, to the same device
send-limit-label = Speed limit for sending
send-message = Send message
send-message-tip = Ctrl+Enter in the message sends it, too
settings = Settings
show-files = Show files
show-in-folder = Show in folder
show-key = Show key
show-keys = Show keys
show-names = Show names
show-offer = Show
show-qr-code = Show QR code
size-column = Size
skip = Skip
skip-identical = Skip if identical
skip-identical-tip = What is there and the same is not sent again. What differs stays, and the new one gets a number
skip-tip = What is there stays, and the new one is not sent
state-changed-since = Changed on disk
state-checked = Still the same
state-column = State
state-failed = Failed
state-gone = Not there any more
state-handed-over = Handed over, not confirmed
state-mismatch = Does not match
state-not-compared = No checksum came
state-not-sent = Not sent
state-skipped = Not wanted
state-there = Was there already
state-verified = Verified
theme-dark = Dark
theme-label = Theme
theme-light = Light
theme-system = As the system
they-differ = They differ
they-differ-tip = Stops here and tells you what to do
they-match = Verified
this-device = This device
type-path = Type a path…
unit-kilobytes = kB/s
unit-megabytes = MB/s
use-path = Use
verdict-changed = Changed
verdict-differs = Differs
verdict-missing = Missing
verdict-outside = Not looked at
verdict-reading = Reading…
verdict-same = As listed
verdict-sealed = Read
verdict-stopped = Stopped
verdict-unreadable = Not readable
verified = Verified
verified-badge-tip = You have compared its code: it is who it says it is
verified-now = Verified: the other device is remembered
verified-tip = They match: remember the other device
verify-changed = It changed while it was being read, so it has no seal. Verify it again once it stays as it is
verify-files-title = Choose files to verify
verify-intro = Drop files to see their seals, or a checksum file (.md5, MD5SUMS) to check the files it names. Nothing is sent
verify-list-title = Choose a checksum file
verify-listed = In the checksum file
verify-looking = Looking for the files…
verify-missing = The checksum file names it, but it is not there
verify-outside = The checksum file names a place outside its own folder, so it was not looked at. Drop that file itself to see its seal
verify-stopped = It was not read to its end
verify-view = Verify
verify-view-tip = See the seal of any file, or check files against a list of checksums
visibility-setting = Who finds this device nearby
visible-everybody = Everybody
visible-everybody-name = Visible to everybody
visible-everybody-tip = Name and system of this device are shown to everybody in the network
visible-nobody = Nobody
visible-nobody-name = Visible to nobody
visible-nobody-tip = This device does not announce itself. It still sees others, and its address can be typed
visible-to = Visible to
visible-verified = Verified devices
visible-verified-name = Visible to verified devices
visible-verified-tip = Only devices that know the key of this one find it; others read nothing in what it says
waiting-for-engine = Starting…
write-message-hint = Or write a message
wrong-caller-advice = Somebody may be pretending. Ask the person you know, by phone for example. If Sealdrop was installed anew there, open the device page, forget the old device and verify the new one. If it is somebody else with the same name, choose This is a different device
wrong-folder = The folder needs its whole path
wrong-key-advice = Somebody may be pretending. Ask the person you know, by phone for example. If Sealdrop was installed anew there, open the device page, forget the old device and verify the new one
wrong-limit = A speed limit is a number, 1.024 kB/s at least, or nothing
wrong-name = The device name needs 1 to 64 characters
wrong-parallel = Transfers at the same time is a number from 1 to 16
wrong-port = The port is a number from 0 to 65535

## Lists

list-comma = { $start }, { $next }
list-and = { $start } and { $last }
list-more = { $more } more
# A label and what it is the label of.
labelled = { $label }: { $value }
# What happened, then what to do.
and-then = { $what }. { $then }
and-more = { $first } and { $more } more
more = and { $more } more

## Counts, which other messages use

files = { $files ->
    [one] { $files } file
   *[other] { $files } files
}
folders = { $folders ->
    [one] { $folders } folder
   *[other] { $folders } folders
}
links = { $links ->
    [one] { $links } link
   *[other] { $links } links
}
items = { $items ->
    [one] { $items } item
   *[other] { $items } items
}

## Sizes, times and dates

bytes = { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
}
rate = { $size }/s
rate-slow = { $bytes } B/s
per-cent = { $percent } %
left-few-seconds = a few seconds left
left-seconds = { $seconds } s left
left-minutes = { $minutes } min left
left-hours = { $hours } h left
left-days = { $days } days left
seconds = { $seconds } s
seconds-under = under { $seconds } s
minutes = { $minutes } min
hours = { $hours } h
minutes-seconds = { minutes } { seconds }
hours-minutes = { hours } { minutes }
took = { $size } in { $duration }
took-nothing = { $size }, all there already
took-part = { $size }: { $moved } in { $duration }, { $kept } there already
date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
date-time = { $date }, { $time } UTC
files-and-size = { files }, { $size }
items-and-size = { items }, { $size }
all-files-and-size = All { files }, { $size }
selected-files-and-size = { $some } of { files }, { $size }
arrived-files-and-size = { $some } of { files }, { $size }

## Names that are taken

are-there = { $taken ->
    [one] { $names } is there already
   *[other] { $names } are there already
}
are-there-with-none = { are-there }, with none of the files
are-there-with-all = { are-there }, with all of the { files }
are-there-with-some = { are-there }, with { $there } of the { files }
new-becomes = { $taken ->
    [one] The new one becomes { $names }
   *[other] The new ones become { $names }
}
# $then is one of the clauses below; alone it is a sentence, and its first letter becomes a capital.
goes-into = Goes into { $folders }; { $then }
then-nothing-to-replace = there is nothing to replace
then-all-is-sent = all of it is sent
then-replaced = { $there ->
    [one] the file that is there is replaced once the new one is verified
   *[other] the { $there } files that are there are replaced, each once the new one is verified
}
then-skipped = { $there ->
    [one] the file that is there stays as it is, and the new one is not sent
   *[other] the { $there } files that are there stay as they are, and the new ones are not sent
}
then-compared = { $there ->
    [one] if the file that is there is the same, it is not sent again. Otherwise it stays, and the new one gets a number
   *[other] the { $there } files that are there are compared: the same ones are not sent again, others stay, and the new ones get a number
}
remember-for = Remember for { $device }
space = { $most ->
    [yes] Needs at most { $needed }
   *[no] Needs { $needed }
}, { $known ->
    [yes] { $free } free
   *[no] free space unknown
}{ $reserved ->
    [yes] , { $kept } of it kept for other transfers
   *[no] {""}
}
too-big = Not enough space: { $more } more needed. Choose another folder or fewer files
may-not-fit = If all of it is sent, { $more } more are needed. It would pause then until there is room

## Offers and what is in them

offer-card = Offer from { $device }, { files }
offer-message = { $device } sends a message
offer-title = { $device } wants to send you { $contents }
renamed = will be saved as { $name }
renamed-from = { $was } { renamed }
saved-as = Saved as { $name }
changed-names = { $names ->
    [one] { $names } name will be changed
   *[other] { $names } names will be changed
}
left-out = { $what }: { $why }
left-out-count = { $items ->
    [one] { items } is left out
   *[other] { items } are left out
}
expires = Answer within { $seconds } s
missed = Missed an offer from { $peer }
fold = Fold { $folder }
unfold = Unfold { $folder }
somebody-compares = { $devices ->
    [one] { $devices } device wants to compare codes
   *[other] { $devices } devices want to compare codes
}
offers-wait = { $offers ->
    [one] { $offers } offer waits for your answer
   *[other] { $offers } offers wait for your answer
}

## Sending

walking = Counting… { items } so far, { $size }
send-to = to { $name }
send-to-two = to { $name } and { $other }
send-to-many = to { $name } and { $more } more
bad-address-empty = Type a name or an address
bad-address-host = “{ $typed }” is not a name such as anna.local, or an address such as 192.168.1.20
bad-address-no-host = The name or address before the port is missing
bad-address-no-port = The port behind the colon is missing
bad-address-port = “{ $typed }” is not a port: use 1 to 65535
bad-address-scheme = “{ $typed }” is an address for another program. Leave out what stands before and behind the name
bad-link-address = This sealdrop:// link is damaged. { $why }
bad-link-escape = This sealdrop:// link is damaged: a part of it cannot be read. Ask for it again
bad-link-key = This sealdrop:// link is damaged: the key in it is not whole. Ask for it again
bad-link-no-address = This sealdrop:// link is damaged: there is no address in it. Ask for it again
bad-link-shape = This sealdrop:// link is damaged: it does not begin with sealdrop://, or has spaces in it. Ask for it again
bad-link-too-long = This sealdrop:// link is too long, or has more than { $most } addresses. Ask for another
bad-link-twice = This sealdrop:// link is damaged: it says something twice. Ask for it again
link-bare = A link with { $addresses ->
        [one] { $addresses } address
       *[other] { $addresses } addresses
    }, no key
link-named = A link to { $name }: { $addresses ->
        [one] { $addresses } address
       *[other] { $addresses } addresses
    }, no key
link-named-with-key = A link to { $name }: { $addresses ->
        [one] { $addresses } address
       *[other] { $addresses } addresses
    }, and nobody with another key is spoken to
link-with-key = A link with { $addresses ->
        [one] { $addresses } address
       *[other] { $addresses } addresses
    }; nobody with another key is spoken to
qr-code = QR code: { $link }
unreadable-drop = { $name } could not be read
unreadable-drops = { $name } and { $more } more could not be read
remove-item = Remove { $item }

## Messages

call-of-offer = { $what }, { $size }
call-of-many = { $number ->
    [one] 1 device waits for your answer
   *[other] { $number } devices wait for your answer
}
call-received = Received from { $device }
call-received-in-part = Received in part from { $device }
call-not-received = Not received from { $device }
call-sent = Sent to { $device }
call-sent-in-part = Sent in part to { $device }
call-not-sent = Not sent to { $device }
call-why = { $what }: { $why }
call-of-ends = { $number ->
    [one] 1 transfer has ended
   *[other] { $number } transfers have ended
}
call-ends-failed = { $number ->
    [one] 1 of them did not come through
   *[other] { $number } of them did not come through
}
message-card = Message from { $device }
message-empty = Write something to send
message-too-long = The message is too long by { bytes }. Save it as a file and send that instead
link-not-understood = This version of Sealdrop cannot follow the link { $link }
no-messages-there = { $device } speaks the plain protocol, which carries no messages
goes-without-message = { $device } gets the files without the message: the plain protocol carries none

## How a transfer stands

way-incoming = From { $peer }
way-outgoing = To { $peer }
way-receiving = Receiving from { $peer }
way-sending = Sending to { $peer }
row = { $title }, { $way }
listing = Listing… { items } so far
resolving = Looking up { $peer }…
connecting = Connecting to { $peer }…
requesting = Waiting for { $peer } to find the file…
offering = Offering to { $peer }…
waits-while-busy = { $peer } is busy
waits-for-device = { $peer } is not there now. It is sent as soon as the device is there
turn-unknown = Waiting for its turn
turn-next = Waiting for its turn: it is next
turn-after = Waiting for its turn: { $before ->
    [one] { $before } transfer before it
   *[other] { $before } transfers before it
}
hashing = Making the checksum first… { $done } of { $total }
checking-what-is-there = Checking what is there already: { $percent } %, { $done } of { $total }
trying-again-in-seconds = Trying again in { $seconds } s
trying-again-in-minutes = Trying again in { $minutes } min
trying-again-now = Trying again now…
waits-for-peer = Waiting for { $peer } to come back
waits-to-tell = Nothing more has to come. Waiting for { $peer } to come back and hear so
finish = Finish
finish-tip = Ends it now. { $peer } hears how it ended when it comes back
interrupted-stage = Interrupted: Sealdrop was closed before all was there. Resume goes on from here
interrupted-all-here = Interrupted: everything is here, and the other device may not have heard so
waits-to-accept = Waiting for { $peer } to accept
waits-to-start = Waiting for { $peer } to start
finishing-there = Finishing: waiting for { $peer } to confirm
finishing-here = Finishing: putting everything in its place
moved = { $moved } of { $total }
moved-with-files = { $moved } of { $total }, { $ended } of { files }
file-began-anew = { $file } began anew: what had arrived is not how it begins any more
files-began-anew = { $file } and { $more } more began anew: what had arrived is not how it begins any more
retry-asks = Asks for the { $files ->
    [one] { $files } file that failed
   *[other] { $files } files that failed
}
retry-sends = Sends the { $files ->
    [one] { $files } file that failed
   *[other] { $files } files that failed
}
discard-nothing = This transfer will not go on. Nothing has arrived yet
discard-some = This transfer will not go on. What has arrived of unfinished files is removed{ $side ->
    [there] {" on the other device"}
   *[here] {""}
}{ $files ->
    [0] {""}
    [one] ; the file that is there in full stays
   *[other] ; the { files } that are there in full stay
}

## Held

paused-both = Paused on both devices
paused-here = Paused on this device
paused-there = Paused on the other device
paused-turn-here = Waiting for its turn: other transfers come first
paused-turn-there = Waiting for its turn on the other device
paused-for = Paused: { $why }
needs-and-free = { $what } (needs { $needed }, { $free } free)
goes-on-with-space = { $side ->
    [here] Free some space: it goes on by itself
   *[there] It goes on by itself once there is room
}
goes-on-with-folder = { $side ->
    [here] Put the folder back or connect its disk: it goes on by itself
   *[there] It goes on by itself once the folder is back
}
goes-on-when-writable = { $side ->
    [here] Make it writable: it goes on by itself
   *[there] It goes on by itself once the folder can be written to
}

## How a transfer ended

all-verified = All { files } verified on both devices
one-verified = Verified on both devices
all-here-verified = All { files } are here and verified
one-here-verified = Here and verified
received-unchecked = Received, no checksum to compare with
all-arrived-but = All { files } arrived, something else was left out
some-arrived = { $some } of { files } arrived
tally = { $state }: { files }
close-nothing = Nothing is running any more.
close-offers = { offers-wait }. Closing declines.
close-transfers = { close-unfinished }. { close-later }.
close-both = { close-unfinished }. { close-later }. { offers-wait }: closing declines.
close-unfinished = { $transfers ->
    [one] { $transfers } transfer is not finished
   *[other] { $transfers } transfers are not finished
}
close-later = { $later ->
    [none] Closing ends what runs over the plain protocol for good
    [one] It stops and can be resumed later
    [all] They stop and can be resumed later
   *[some] They stop and can be resumed later, but not those over the plain protocol
}
wrote = Checksums saved as { $file }
not-written = { $file } was not written. { $why }
not-shown = No file manager opened. It is here: { $place }
checked-again-same = Checked again: { files } unchanged
checked-again = Checked again: { $same } unchanged, { $different } changed, { $gone } not there
checking-again = Checking again… { $done } of { files }

## Seals

seal-verified-name = MD5 { $hex }, verified
seal-mismatch-name = MD5 { $hex }, does not match
seal-unchecked-name = MD5 { $hex }, not checked
compare-differs = Different, from digit { $digit } on
compare-other-kind = This looks like a { $kind } checksum; a seal is compared with MD5
compare-not-md5 = Not an MD5 checksum: it has { $digits ->
    [one] { $digits } hex digit
   *[other] { $digits } hex digits
}, 32 are needed

## Devices, keys and codes

code = Code { $code }
is-it = Is this really { $device }?
namesake = This is not the “{ $device }” you verified: it has another key
own-key = Key of this device { $key }
key-of = Key of { $device } { $key }
copy-key-of = Copy key of { $device }
copy-address = Copy { $address }
verified-since = Verified since { $date }
device = Device { $device }{ $verified ->
    [yes] , verified
   *[no] {""}
}{ $blocked ->
    [yes] , blocked
   *[no] {""}
}
details-of = Details of { $device }
compare-card = Compare codes with { $device }
wants-to-compare = { $device } wants to compare codes
look-at-the-other-screen = Look at the other screen: the code comes as soon as Sealdrop is in sight on { $device }
wrong-key-title-incoming = Somebody uses the name of “{ $device }”
wrong-key-title-outgoing = This is not “{ $device }”
wrong-key-incoming = A device that calls itself “{ $device }” called from { $address } with another key than the one you verified. It was turned away
wrong-key-alike = A device that calls itself “{ $met }”, which looks like “{ $device }”, called from { $address } with another key than the one you verified. It was turned away
wrong-key-outgoing = The device at { $address } is not the “{ $device }” you verified: it has another key. Nothing was sent to it
refused-here = An offer from { $address } was turned away. { $why }
refused-there = A device at { $address } called and hung up. { $why }
codes-differ = You saw another code than { $device }. Somebody may be between the two devices and read along. Do not send anything over this network until you know why
codes-differ-at = You saw another code than { $device } ({ $address }). Somebody may be between the two devices and read along. Do not send anything over this network until you know why
devices-damaged = The list of devices could not be read, so no device counts as verified any more. The old list is kept as { $place }. Compare codes again before you rely on a name
devices-not-saved = The change to the list of devices could not be stored and does not count. { $why }

## Devices nearby

everybody-for = Everybody, { $minutes } min left
nearby-device = Device { $name }, nearby, not verified
last-seen = Last seen { $date }

## This device and its settings

not-listening = Not listening on port { $port }
listening-nowhere = No network: only programs on this computer can send here, to 127.0.0.1:{ $port }
settings-damaged = The settings file could not be read, so the defaults are in use. The old file is kept as { $place }
settings-not-saved = The settings are in use but could not be saved. { $why }
window-title = ({ $waiting }) Sealdrop
no-window =
    Sealdrop found no screen to open its window on ({ $detail }).
    Without one, use the command line: `sealdrop send --to HOST FILE…` or `sealdrop receive`; see `sealdrop --help`.
no-renderer =
    Sealdrop could not draw its window.
      OpenGL: { $glow }
      Vulkan, Metal or DirectX: { $wgpu }
    Install a graphics driver (on Linux, Mesa works without a graphics card), or use the command line: `sealdrop send --to HOST FILE…`, `sealdrop receive`.

## Verify

verify-reading = Reading { $place } of { files }: { $name }
verify-all-same = { $files ->
    [one] The file is as listed
   *[other] All { files } are as listed
}
count-same = { $files } as listed
count-differs = { $files ->
    [one] { $files } differs
   *[other] { $files } differ
}
count-missing = { $files } missing
count-not-read = { $files } not read
count-not-listed = { $files } not listed
verify-more = { $more } more files were left out: { $most } are the most at a time
list-unreadable = { $name } was not read. { $why }
list-empty = { $name } holds no MD5 checksum
list-in-part = { $name }: { $lines ->
    [one] { $lines } line was not understood
   *[other] { $lines } lines were not understood
}. Only MD5 checksums are

## History

entry-received = Received from { $peer }
entry-sent = Sent to { $peer }
entry-past = { $outcome }, { $date }
entry-name = { $title }, { $way }, { $contents }, { $outcome }, { $time }
entry-name-alone = { $title }, { $way }, { $outcome }, { $time }
entry-contents = { $contents }, { $outcome }
entry-ended = { $outcome }: { $contents }
entry-ended-in = { $outcome }: { $contents } in { $duration }
entry-ended-kept = { $outcome }: { $contents } in { $duration }, { $kept } of it there already
entry-folder = Saved in { $folder }
entries = { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
}
entries-found = { $found } of { entries }
history-incoming = Incoming: { $title }
history-outgoing = Outgoing: { $title }
history-damaged = The history was damaged. The old file is kept as { $place }; what could be read of it is still shown
history-failed = The history could not be read or written. { $why }

## Why something did not go as hoped: what happened, and in .advice what to do

reason-already-there = { $side ->
    [here] A file of this name is there already on this device. It stays as it is
   *[there] A file of this name is there already on the other device. It stays as it is
}
reason-bad-path = { $side ->
    [here] A name in it is not allowed
   *[there] The other device does not allow a name in the offer
}
    .advice = { $side ->
        [here] It has to be renamed and sent again
       *[there] Rename it and send again
    }
reason-blocked = { $side ->
    [here] The other device is blocked here
   *[there] This device is blocked on the other device
}
    .advice = { $side ->
        [here] Unblock it if you want its files
       *[there] Ask its owner to unblock it
    }
reason-busy = { $side ->
    [here] This device had too many offers waiting
   *[there] The other device had too many offers waiting
}
    .advice = { $side ->
        [here] Answer some of them, then ask for it again
       *[there] Ask again in a while
    }
reason-cancelled = { $side ->
    [here] Cancelled on this device
   *[there] Cancelled on the other device
}
reason-changed = { $side ->
    [here] The file changed while it was being sent
   *[there] The file changed on the other device while it was being sent
}
    .advice = { $side ->
        [here] Send it again once it stays as it is
       *[there] Ask for it again once it stays as it is
    }
reason-connection-lost = The connection was lost
    .advice = Check that both devices are on the same network, then try again
reason-declined = { $side ->
    [here] Declined on this device
   *[there] Declined on the other device
}
reason-disk-full = { $side ->
    [here] Not enough space on this device
   *[there] Not enough space on the other device
}
    .advice = { $side ->
        [here] Free some space or choose another folder, then try again
       *[there] Ask its owner to free some, then try again
    }
reason-files-only = The plain protocol carries files only
    .advice = Send the files that are in it
reason-folder-missing = { $side ->
    [here] The folder to save to is not there
   *[there] The folder to save to is missing on the other device
}
    .advice = { $side ->
        [here] Choose another folder
       *[there] Ask its owner to choose another
    }
reason-folder-read-only = { $side ->
    [here] The folder to save to may not be written to
   *[there] The folder to save to may not be written to on the other device
}
    .advice = { $side ->
        [here] Choose another folder
       *[there] Ask its owner to choose another
    }
reason-internal = { $side ->
    [here] Something went wrong inside Sealdrop on this device
   *[there] Something went wrong inside Sealdrop on the other device
}
    .advice = Try again, and report the details
reason-io = { $side ->
    [here] This device could not read or write its disk
   *[there] The other device could not read or write its disk
}
    .advice = { $side ->
        [here] Check the disk, then try again
       *[there] Ask its owner to check the disk, then try again
    }
reason-key-damaged = { $side ->
    [here] The file with the key of this device is damaged
   *[there] The file with the key of the other device is damaged
}
    .advice = Put it back from a backup, or move it away to begin with a new key
reason-key-exposed = { $side ->
    [here] Others may read the file with the key of this device
   *[there] Others may read the file with the key of the other device
}
    .advice = Make it readable for you alone, or move it away to begin with a new key
reason-limit = { $side ->
    [here] The offer is larger than this device takes
   *[there] The offer is larger than the other device takes
}
    .advice = Send it in several parts
reason-mismatch = The seals differ: it did not arrive as it was sent
    .advice = It was not kept. Send it again
reason-no-answer = { $side ->
    [here] Nobody answered on this device in time
   *[there] Nobody answered on the other device in time
}
    .advice = { $side ->
        [here] Ask the sender to offer it again
       *[there] Ask again when somebody is there
    }
reason-not-sealdrop = Something answered there, but it is not Sealdrop
    .advice = Check the address and port, or switch on Plain protocol for other programs
reason-not-shared = { $side ->
    [here] There is no such file on this device, or it is not shared
   *[there] There is no such file on the other device, or it is not shared
}
    .advice = Check its name, with capitals and ending, and ask its owner to share it
reason-not-understood = { $side ->
    [here] This device did not understand the other device
   *[there] The other device did not understand this device
}
    .advice = Use the same version of Sealdrop on both devices
reason-other = { $side ->
    [here] This device stopped it: { $code }
   *[there] The other device stopped it: { $code }
}
    .advice = Try again
reason-other-key = Another device answered there than the one that the link names
    .advice = Ask for a new link, or type the address without it
reason-port-in-use = { $side ->
    [here] Another program uses this port on this device
   *[there] Another program uses this port on the other device
}
    .advice = Use another port, or close the other program
reason-refused = Nothing is listening at that address
    .advice = Check the address and port, and that Sealdrop is open there
reason-stale-epoch = A newer connection took over
reason-timeout = { $side ->
    [here] This device did not hear from the other device in time
   *[there] The other device did not hear from this device in time
}
    .advice = Check that both devices are on the same network, then try again
reason-unknown-transfer = { $side ->
    [here] This device no longer knows this transfer
   *[there] The other device no longer knows this transfer
}
    .advice = Send it again
reason-unreachable = That address was not reached
    .advice = Check the address, that both devices are on the same network, and the firewall there
reason-unreadable = { $side ->
    [here] It could not be read on this device
   *[there] It could not be read on the other device
}
    .advice = { $side ->
        [here] Check that it exists and that you may open it
       *[there] Ask its owner to check it and send again
    }
reason-unresolved = No device of that name was found
    .advice = Check the spelling, or type its numeric address
reason-untold = The other device was gone before it heard that everything is here
    .advice = Its own screen may say otherwise until it comes back
reason-version = The two versions of Sealdrop do not work together
    .advice = Update the older one
reason-versions = These two Sealdrops do not understand each other: one speaks protocol version { $one }, the other { $other }
version-range = { $from } to { $to }
reason-wrong-key = { $side ->
    [here] The device there is not the one you verified
   *[there] The other device knows a device of this name by another key
}
    .advice = { $side ->
        [here] Ask its owner what has changed before you send anything
       *[there] If Sealdrop is new on this device, ask the owner there to forget the old one and to verify this one
    }

## The shared folder

downloads = Downloads from the shared folder
get = Get
get-again-tip = Asks for the file once more
get-caution = Not encrypted: whoever runs the network can read and change it
get-caution-key = Not encrypted, and the key in the link is not checked: whoever runs the network can read and change it
get-file = Get a file…
get-from = Get from
get-from-hint = Name, address or link
get-name = Name of the file there
get-name-hint = e.g. notes.txt
get-tip = Fetches one file from a folder that somebody shares, with Sealdrop or with a program of their own
get-title = Get a file
get-wrong-name = That cannot be the name of a file
hide-downloads = Hide downloads
no-downloads = Nobody has taken anything yet
path-for-sharing = Type the whole path of the folder to share
share-another = Share another folder…
share-disk = This is the whole disk: everybody on the network could read all of it. Better choose a folder in it
share-folder = Share a folder…
share-folder-title = Choose the folder to share
share-home = This is the home folder: everybody on the network could read nearly all that is yours. Better choose a folder in it
share-nothing = Nothing is shared
share-stop = Stop sharing
share-tip = Anybody on the network can read what is in a shared folder, without encryption and without being asked. Hidden files and links are not shared
share-trouble = The shared folder cannot be opened: nobody can download now
shared-folder = Shared folder
show-downloads = Show downloads
shares = Shared with everybody, not encrypted: { $folder }
shares-everybody = { $folder }: everybody on the network can download from it
takes = { $peer } takes { $file }, { $percent } %
takes-and-others = { $peer } takes { $file }, { $percent } %, and { $others ->
    [one] { $others } other download
   *[other] { $others } other downloads
}
took-file = { $peer } took { $file }, { $size }
took-not = { $peer } did not get { $file }: { $why }

## The network check

check-adapters = Network adapters
check-adapter = { $name }: { $addresses }
check-adapter-down = { $name } (no connection): { $addresses }
check-adapters-unknown = The system does not tell which adapters there are
check-all-fine = Everything is fine
check-blocked = This device is blocked there
check-blocked-do = Ask its owner to unblock it
check-bridge = bridge
check-clock = Clock
check-clock-ahead = The clock there is { $by } ahead of the one here
check-clock-behind = The clock there is { $by } behind the one here
check-clock-do = Set the one that is wrong: times of files and in the history would be wrong as well
check-clocks-agree = The clocks of both devices agree
check-connected = { $at } answers
check-connection = Connection
check-containers = virtual, for containers
check-deaf = This device listens on port { $port }, but what answers there is not this Sealdrop
check-deaf-do = Close Sealdrop and start it again, or choose another port in Settings
check-detailed = { $what } ({ $detail })
check-earlier-failed = An earlier step has failed
check-encryption = Encryption
check-failed = Failed
check-fine = Fine
check-fix = With { $firewall } on this computer, as somebody who may:
check-forbidden = This computer lets nothing out to { $places }: its own firewall forbids it
check-forbidden-do = Allow Sealdrop to connect in the firewall of this computer
check-greeting = Greeting
check-heard-mute = { $name }: nothing goes out
check-heard-stopped = { $name }: out, but nothing comes in
check-heard-works = { $name }: out and in, { $others ->
    [one] { $others } other device
   *[other] { $others } other devices
}
check-is-vpn = virtual, a VPN
check-listening = This device listens on port { $port }
check-machines = virtual, for virtual machines
check-many = { $first }, { $second } and { $more } more
check-met = { $name } ({ $system }, { $program }), { $verified ->
    [yes] verified
   *[no] not verified
}
check-millis = { $millis } ms
check-multicast = Finding each other
check-multicast-do = Let UDP port 5353 in, here and on the other device. Until then type addresses: sending works without it
check-multicast-mute = Nothing can be asked on { $names }: the system lets no multicast out
check-multicast-not-needed = Not needed: the other device is this computer
check-multicast-stopped = Something stops multicast on { $names }: what is asked there does not come back in
check-multicast-works = Multicast goes out and comes in on { $names }; { $others ->
    [0] nobody else has answered
    [one] { $others } other device has answered
   *[other] { $others } other devices have answered
}
check-name = Name
check-network = In a network by { $names }
check-network-and-down = In a network by { $names }; { $down } has an address but no connection
check-no-adapter = No adapter leads to other computers
check-no-adapter-do = Switch Wi-Fi on, or plug a cable in
check-no-answer = { $places } does not answer: most likely a firewall there lets nothing in
check-no-answer-do = Let its TCP port in there: Network check on that device shows how. Check also that this is still its address, and that both devices are in the same network
check-no-clock = Only two devices that have verified each other compare clocks
check-no-name-needed = An address was given: there is no name to look up
check-no-place = No address of this device is known: it has only called so far
check-no-place-do = Type where it is
check-no-port = This device listens on no port: nobody can send to it
check-no-port-do = Choose a port in Settings
check-no-route = No way leads to { $places }
check-no-route-do = Check the address, and that both devices are in the same network. Guest networks keep devices apart, and a VPN may lead elsewhere
check-no-time = under 1 ms
check-not-asked = The other device has not tried. It tries rarely, and for strangers only while everybody may see it
check-not-listening = This device listens on no port: there is nothing to be reached
check-not-reached = It cannot reach port { $port } of this device: most likely a firewall here lets nothing in
check-not-reached-do = Let that TCP port in. Until then you can send to it, and it cannot send to you
check-not-sealdrop = Something answers there, but it is not Sealdrop
check-not-sealdrop-do = Check the port. To a program of another kind, send with Plain protocol
check-not-served = The Sealdrop there is too old to try it
check-not-tried = Not tried
check-other-key = Another device answers there: its key begins { $met } and should begin { $expected }
check-other-key-do = The address may belong to somebody else by now. If Sealdrop was installed anew there, forget the device and verify it again; otherwise send nothing to it
check-port = Listening
check-port-closed = Nothing listens on port { $port } of this computer: nobody can send to it
check-port-closed-do = Open Sealdrop here, or choose another port in Settings
check-port-taken = Port { $port } is taken by { $name } (process { $id })
check-port-taken-do = Close that program, or choose another port in Settings
check-port-taken-unknown = Port { $port } is taken by a program that only its own user or the system may name
check-reached = It reaches this device as well
check-refused = { $places } answers that nothing listens there
check-refused-do = Open Sealdrop there, and compare the port with the one that its window shows
check-resolved = It is at { $addresses }
check-running = Running…
check-sealed = Encrypted; its key begins { $key }
check-seconds = { $seconds } s
check-silent = It takes the connection and then says nothing
check-silent-do = Check the port. If it is Sealdrop, close it there and start it again
check-step = { $title }: { $state }
check-steps-failed = { $failed ->
    [one] { $failed } step has failed
   *[other] { $failed } steps have failed
}
check-steps-failed-and-warnings = { check-steps-failed }, and there { $warnings ->
    [one] is { $warnings } warning
   *[other] are { $warnings } warnings
}
check-stopped = Stopped
check-taken-for-another = There, a device of this name is verified with another key
check-taken-for-another-do = Ask its owner to forget the old device and to verify this one
check-takes-name = It calls itself { $name }, which you have verified with another key
check-takes-name-do = Ask its owner what has changed before you send anything
check-three = { $first }, { $second } and { $third }
check-two = { $first } and { $second }
check-unresolved = No address belongs to this name
check-unresolved-do = Check the spelling, or type the address that the other window shows
check-versions = The two do not understand each other: this one speaks protocol version { $ours }, that one { $theirs }
check-versions-do = Update the older one
check-versions-range = { $oldest } to { $newest }
check-vpn = { $name } is a VPN, which may lead away what is meant for the network here
check-vpn-do = If the other device is not reached, try again with the VPN switched off
check-warning = Warning
check-way-back = Way back
check-works-with-warnings = It works, with { $warnings ->
    [one] { $warnings } warning
   *[other] { $warnings } warnings
}
network-check = Network check…
network-check-start = Check
network-check-title = Network check
network-check-tip = Finds out which step fails when devices do not find or reach each other
network-check-whom = Device to check
network-check-whom-hint = Name, address or link; empty: only this device
status-line = Status
status-listening = Listening on port { $port }
status-not-listening = Not listening on port { $port }: nobody can send to this device
copy-command = Copy command
