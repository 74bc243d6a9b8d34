"""Templates of sentences by kind. `{slot}` draws a name or value of `names.draws`, `<a|b|>` draws one of the alternatives.

A slot draws anew each time that it stands in a template; `{per=1}` and a later `{per=1}` are the same draw. What a template
has besides its slots is outside of every entity, capitals or not: that is what its headings, products of no name,
months and words in capitals are there for. None of the templates is taken from a text of `data/gold`.
"""

TICKETS = """
<Hi|Hello|Good morning|Hey there>, my <order|delivery|subscription|invoice> {code} <still has not arrived|was sent to {city} by mistake|shows the wrong total>. <Regards|Thanks|Cheers>, {per}
<Contact|Reported by|Opened by>: {per} | <Priority|Severity>: <Low|Medium|Urgent> | Queue: <Returns|Network|Payments>
{per} <phoned|rang|wrote> from {city}: the {product} <freezes|will not start|gets hot|beeps all night> <since the update|after {n} minutes|>.
The agent I had yesterday, <a certain |>{given}, <promised|told me> that {firm} would <refund|replace> the {product} <within {n} days|free of charge>.
<Please|Kindly|pls> <reset the password of|unlock the account of|add a seat for> {per} (<{body}|{firm}>).
User {user} reports Error {id} on the Checkout page.
Your Invoice for {month} is attached. <Payment Terms|Terms>: {n} Days Net.
<Assigned|Reassigned|Escalated> to {given} <in|from> <Tier 2|Billing|Network Operations>, who is <based in {city}|out until {day}>.
I <bought|ordered> two <chargers|filters|pillows> from <your shop in {city}|{firm}> and <neither works|one is missing>.
Customer <says|insists> the courier ({firm}) left it with a neighbour called {sur}.
<Cannot|Can't> print from {product}. <Same for {given} and {given}|Only on floor {n}|Nobody else has this>.
[{time}] {given}: <asked customer for photo|sent label|called twice, no answer>
Router <blinks red|restarts> every {n} minutes. <Model|Type>: {product}. Provider: {firm}. Town: {city}.
Hello Support Team, the Download button on the Home page does nothing when I press it.
Refund of {money} to {per} <approved by {given}|waiting for approval>.
<Subject|Re>: Login Problem after Password Change
<Resolution|Cause|Workaround>: cleared the Cache, restarted the Service, closed the Ticket.
Is there a <branch|dealer|store> of {firm} in {city}? I would rather <talk to a person|bring the thing in>.
Dear {title} {sur}, <thank you for contacting {firm}|we have looked into your complaint>. <Your case number is {id}.|>
{firm} <app|website> is down <for everyone in {loc}|since {time}|again>
The <lady|man> on the phone, {title} {sur}, <spoke only {language}|hung up on me|was very helpful>.
Merged with {id} (same customer, {last_first}).
I am <moving|relocating> from {city} to {city} <in {month}|next week>; please <move my contract|change the Shipping Address> too.
Our <boss|manager> {given} wants {product} instead of {product} <by {day}|for the whole team>.
Status changed from New to In Progress by {per}
Item Returned: Desk Lamp, White. Reason: Wrong Size.
SLA breached by {n} min; <informed|paged> {given=1}; {given=1} is on it
Why do I have to call {loc} to cancel something I bought in {loc}?
<Hey|Yo> @<support|help>, {firm} says it is your fault and you say it is {firm}'s. Sort it out!
<Shipment|Pallet> for {firm} held at customs in {city}; broker is {per}.
Note from {given}: customer is a {demonym} national, <passport|ID> seen, <ok to proceed|address pending>.
The <Terms of Service|Privacy Policy|Return Policy> on your page contradict the E-mail I got on {day}.
FAQ: How do I change my Delivery Address? Go to My Account and choose Settings.
My <husband|daughter|flatmate> {given} used the {product} once and <it smells of burning|the Screen cracked>.
{per} ({user}) needs read access to the {city} share
"""

MINUTES = """
<In attendance|Those present|On the call>: {per}, {per} <and|&> {per}<; by phone: {given}|>
<Absent|Excused|Regrets>: {title} {sur}, {per}
{given} <gave an update on|summarised|presented> the <budget|roof repairs|hiring plan|website> <and answered questions|>.
<Agenda Item|Point|Topic> {n}: <Annual Accounts|Membership Fees|Parking|Data Protection|Summer Fair>
{title} {sur} <moved|proposed> to <adjourn|accept the report|postpone the vote>; {title} {sur} seconded. <Carried unanimously|Vote: {n} for, 2 against>.
TODO {given}: <call|e-mail|invoice> {org} <before {day}|about the quote|>
- [ ] {given} <checks|confirms> the venue in {city}
- [x] {given} & {given}: <slides|catering|name badges>
The <chairman|chairwoman|moderator>, {per}, opened the meeting at {time} in {building}.
<Decided|Agreed|Resolution>: {firm} <gets|wins> the contract for <cleaning|security|new windows>, {money} a year.
{sur} <objected|left early|abstained>.
<Next call|Follow-up>: {day}, {time}, Room {n}, Host {given}.
{given} <is back from|flies to|will represent us in> {loc} <on {date}|next month>.
A <letter|petition> from <residents of {street}|{body}> was <read out|tabled|noted>.
The Treasurer explained the Deficit. The Secretary will send the Accounts to all Members.
<Guests|Observers>: {per} ({body}), {per} ({firm})
Topic: migration to {product}. Owner {given}. Due {date}. Status: <on track|late|blocked by {firm}>.
{given=1} noted that {given=1}'s team <needs two more people|lost a week to illness>.
<Budget 2026|Income and Expenditure>: see Annex {n}.
The <delegation|visitors> from {loc} <will be received by|met> {title} {sur} on {date}.
Apologies for Absence: <None|received from two members>.
{initials} to <draft a reply|book flights to {city}|order toner>; {initials} to <check|file>
Report of the <Playground|Heating|Finance> Working Group: nothing new.
It was <suggested|recommended> by {per} that the society <join|support> {org}.
<Welcome|Introduction> of {per}, <our new intern|who joins us from {firm}|successor of {per}>.
The <fundraiser|auction> for {loc} brought in {money}, <said|reported> {given}.
Sprint {n} retro: <too many meetings|good mood|tests are slow>; thanks to {given} for <cake|the demo>
AOB: {given} found a Blue Umbrella in the Meeting Room.
Quorum: yes. Minute taker: {given}. Start {time}, end {time}.
{per} <resigned|stepped down> as <Vice President|Captain|Warden> <for health reasons|with effect from {date}>.
The board <congratulates|thanks> {per} <on|for> <winning the {event}|thirty years of service|the move to {city}>.
"""

FORMS = """
<Family name|Last name>: {sur} <Given name|Forename>s: {given}
<Applicant|Claimant|Tenant|Buyer>: {per} <Born|DOB>: {date} <in {city}|>
Name: {per} Street: {street} {house} Town: {city} <Country: {country}|>
<Place of Issue|Issued at|Birthplace>: {city}
<Company|Organisation|Firm>: {org} <Contact|Contact person>: {per} Phone: {phone}
<Citizenship|Nationality>: {demonym} <Mother tongue|First language>: {language}
<Next of Kin|Emergency Contact>: {per}, <wife|husband|son|sister>, {phone}
<Full name (block capitals)|Name in full>: {first_last}
Pupil {last_first} Class <7b|5A|11c> Absent on {date} Reason: <Dentist|Flu|Funeral>
<Sender|From>: {per}, {house} {street}, {city} <Recipient|To>: {firm}, {city}
Billed: {firm} Deliver: {per} {street} {house} {city} {country}
Date of Birth: {date} Sex: <M|F|X> Height: 1{n} cm Eyes: <Brown|Blue|Green>
<Insurer|Insurance>: {firm} Policy No. {id} <Policyholder|Insured>: {per}
[x] I agree to the Terms and Conditions [ ] Send me the Newsletter
<Doctor|GP|Physician>: {title} {sur} <Clinic|Hospital>: {body} Date of Visit: {date}
Make and Model: {product} Mileage: {id} Colour: <Silver|Black|Red> Keeper: {per}
<Departure|From>: {city} <Arrival|To>: {city} Passenger: {last_first} Class: Economy
<Employer|Present employer>: {firm} Job title: <Sales Assistant|Nurse|Truck Driver> Since: {year}
<School attended|University>: {body} Degree: <BSc|MA|Diploma> Year: {year}
Religion: <{faith}|{believer}|none> Marital Status: <Single|Married|Divorced>
Witness 1: {per} Witness 2: {per} Place: {city}
Signature of <Parent|Guardian|Applicant>: ........................ Date: ..............
Please complete in Black Ink and Block Letters. Do not write below this line.
Spouse <or Partner|>: {given} {sur} Children: {given}, {given} and {given}
Guest: {per} Room: {n} Nights: 3 Rate: {money} Agency: {firm}
Item: Garden Chair Quantity: {n} Unit Price: {money} Discount: None
Exporter: {firm}, {city} Country of Origin: {country} Port of Loading: {city}
Tax Year: {year} Filing Status: Joint Spouse's Name: {per}
Registered at {street} {house}, {city}. Landlord: {firm}.
Reference 1: {per} ({body}) Reference 2: {title} {per} ({firm})
Section {n}. <Medical History|Previous Convictions|Current Address|Other Income>
"""

TABLES = """
| {per} | {city} | {n} | | {per} | {city} | {n} |
Name | Club | Goals | {per} | {club} | {n}
{last_first};{city};{country};{id}
{given},{sur},{email},{city}
Rank Athlete Nation Time 1 {per} {country} 1:{n}.{n} 2 {per} {country} 1:{n}.{n}
{id} {date} {firm} <Card Payment|Direct Debit|Standing Order> {money}
Platform {n} {time} {city} via {city} <On Time|Delayed|Cancelled>
City Population {city} {id} {city} {id}
Monday {given} Tuesday {given} Wednesday {given} Thursday off
Product Price Stock Soap {money} {n} Towel {money} {n} Brush {money} {n}
{code} | {product} | {firm} | {n} pcs
Speaker Topic Room {per} <Soil Health|Graph Theory|Old Maps> B{n} {per} <Public Speaking|Tax Basics> A{n}
Region Q1 Q2 Q3 {loc} {n} {n} {n} {loc} {n} {n} {n} Total {id}
Author Title Year {per} {work} {year}
Home Away Result {club} {club} 2:1
Flight <BA|LH|TK>{n} {city} {city} Gate {n} Boarding {time}
Shift Early: {given}, {given} Shift Late: {given} Night: {sur}
Candidate Party Votes {per} {body} {id} {per} Independent {id}
Column Type Null Default Name Text Yes None
Tenant Unit Rent {last_first} {n} {money} {last_first} {n} {money}
"""

CHATS = """
{given}: <hey|yo|hi>, <you there|are u up|got a sec>?
{given}: <on my way|omw|5 min> {given}: <ok|k|cool|👍>
[{time}] {given}: <anyone seen|where is|who invited> {given}?
[{time}] {given}: <stuck|still> in {city}, <train cancelled|flight at {time}|traffic is mad>
<did|has> {given} <text|call|pay> you <back|yet>
<omg|wow|no way> {given} <quit|passed|is engaged>!!! <to {given}?|>
can <u|you> pick up {given} from {building} at {time}
<tbh|ngl> {firm} <coffee|fries|wifi> is <trash|amazing>
{given}: <we|im> watching {work} <tonight|again>, <wanna come|bring snacks>
its <my|moms> birthday and {given} forgot <lol|again>
<will|may|mark|hope> <you|it|this> <be ok|work|up>
<moving|going|flying> to {loc} <in {month}|next week> <!!|😬|finally>
{given} <is typing|joined the group|changed the group photo|was added by {given}>
<haha|lmao> ok <boss|captain|grandma>
<{user}> anyone know how to exit <this|the editor>
<{user}> {given} said the server in {city} is back
{per} - {time} <meeting moved|see notes|running late>, <sorry|thx>
does {given}'s <brother|mum|ex> still work <for {firm}|at {body}>?
<lost|found> my <keys|jacket> at {given}'s place
<brb|gtg|afk>, <dinner|mum is calling>
whos going to {event} <with me|this year|>
my {product} <died|is at 2 percent|fell in the sink> <rip|😭|>
{given} u owe me {money}
<lets|shall we> meet <outside {building}|at {firm} on {street}|in {city}>
teacher: {title} {sur} <is sick|gave us extra homework|>
<learning|speaking> {language} is <hard|fun> <lol|>
🎂 happy bday {given}!! <from {given} and {given}|🎉🎉>
<is it|was that> {given} or {given} <who|that> <sang|drove> last night
{given} ✨: <good night|miss u> {given} 🌙: <same|sweet dreams>
<idk|dunno>, ask {title} {sur}
yesterday, {time} {given}: <Missed voice call|Photo|This message was deleted>
<how|what> is the weather in {city} {given}
"""

LOGS = """
{year}-04-1{n} {time}:09 <INFO|DEBUG|WARN|ERROR> <Started|Stopped|Reloaded> <Worker|Scheduler|Index> in {n} ms
<INFO|NOTICE> <Login|Logout|Check-in> by {per} (id {id})
[{time}] <door|gate> {n} opened by {sur}, {given}
host={host} user={user} action=<login|delete|export> status=<200|403|500>
<WARN|ERROR> <cannot reach|timeout from|handshake failed with> {host} at {ip}
message="Invoice sent" to="{per}" amount={money} region={city}
<audit|event>: {per} <granted|revoked|requested> <Editor|Owner|Viewer> rights <to|for> {per}
{time} <Truck|Van|Container> {code} <left|reached> {city}, driver {per}
<commit|merge> {id} Author: {per} <{email}> <Fix Typo|Add Tests|Update Docs>
cron[{n}]: (root) CMD (/usr/bin/Backup --all)
Traceback (most recent call last): File "Main.py", line {n}, in Run
{date} {time} call from {phone} answered by {given}, <transferred to {given}|duration {n} s>
agent="{product}" lang=en status=OK
Delivery {code}: signed for by {per} at {time}
[{day}] Night watch: {title} {sur} <walked the round|reported a broken window>, <all quiet|police called>
sync {city} -> {city} <complete|failed>, {n} files
<Sensor|Pump|Turbine> {n} at {loc} <offline|back online>; <{firm} notified|technician {sur} on site>
kernel: [{n}.{id}] eth0: Link Up
export finished: customers of {country}, {id} rows, requested by {given}
Reservation {id} <created|cancelled> for {last_first} <via {firm}|>
<queue|topic> Orders.New: {n} messages, 0 errors
Patient {per} moved from Bed {n} to Bed {n}, <Nurse|Dr> {sur}
{time} <relief|changeover>: {given} takes the desk from {given}
build {version} <passed|failed> on {host}, triggered by {given}
SELECT Name, City FROM Customers WHERE Country = '{country}' LIMIT {n}
GET {url} 301 <Moved Permanently|>
badge {id} ({per}, {firm}) <denied|accepted> at <Lobby|Lab 2>
Position report {n}: off {loc}, wind NW {n}, Captain {sur}
"""

MAILS = """
From: {per} <{email}> To: {per} <{email}> Subject: <Your Visit|Contract|Fwd: Photos|Meeting on {day}>
To: {given} {sur}; Cc: {per}; Date: {day}, {date} {time}
Subject: <Invitation to {event}|News from {city}|Offer by {firm}|Out of Office|Reminder: Library Books>
On {date}, {per} <{email}> wrote:
> <Hello|Hi> {given}, > <could you send|do you still have> the <keys|figures> for {city}?
<Dear|Hi|Hello> {given}, <how was {loc}|hope you are well|long time no see>? {given}
Dear {title} {sur}, <we refer to your letter of {date}|further to our call|many thanks for your offer>.
<Best|Warm regards|Yours faithfully|All the best>, {per} <Sales Manager|Head Teacher|PhD Student>, {org}
<Yours|Love>, {given} <xx|and the kids|>
<Attached|Enclosed> please find the <Report|Lease|Programme> <for {firm}|that {per} asked for|>.
Please note my new address: {street} {house}, {city}.
<I am|We are> out of office until {date}. In urgent cases contact {per} ({email}).
{given} <tells me|says|wrote> that you <are leaving {firm}|have moved to {city}|speak {language}>.
<Typed|Dictated> on a {product}, <excuse the typos|sorry for the brevity>
-- {per} | {firm} | {street} {house} | {city} | {url}
This E-mail and any Attachments are Confidential. If you are not the Intended Recipient, delete it.
<Could|Would> you <introduce me to|pass this on to> {per} at {org}?
The <wedding|funeral> of {per} <and {per}|> is on {date} in {city}.
We <spent|had> a <week|fortnight> in {loc} with {given} and <her|his> {demonym} <husband|in-laws>.
Begin forwarded message: From: {per} Date: {date} Subject: <Re: Rent|Fwd: Fwd: Joke>
<Regarding|As for> the <visa|loan>, {body} <wants|needs> another form <from {given}|>.
Unsubscribe | View in Browser | Manage Preferences
I <recommend|can vouch for> {per} <without reservation|warmly>; {given} <worked for us|studied here> from {year} to {year}.
P.S. <Greetings|Best wishes> to {given} and {given}!
Have you read {work} <yet|>? {title} {sur} <lent|gave> it to me.
"""

PROSE = """
<At dusk|By noon|That winter|Years later> {given} <came back to|left|dreamt of> {loc}.
"<Hush|Wait|Nonsense>," said {given}, "<the {demonym} woman|your uncle {given}|{title} {sur}> <can hear us|is asleep>."
The <road|track|railway> from {city} to {city} <was closed|ran along the {loc}|had been mined>.
{per} <had never seen|was born within sight of|hated> the sea.
In {city} they <drink tea with salt|bury their dead at night|still talk of {per}>.
<May|April|June> was the <cruellest|wettest> month, and {given} <stayed in bed|sold the horses>.
A <mark|bill|rose|frank answer> was all that <remained|he wanted>.
The old <captain|priest|widow> <knew every rock|kept bees|had lost two sons>.
{sur=1} <lit a cigarette|shrugged|looked at the map>. {sur=1} always did.
We <hired|shared> a <jeep|boat> with two {demonym} students, {given} and {given}.
<On the far bank|Beyond the hills|To the north> lay {loc}, <white in the sun|and behind it {loc}>.
His mother, {per}, <sang in|cleaned> the <church|theatre> <at {city}|on {street}>.
Chapter {n} <The Storm|A Letter Arrives|In the Cellar>
She <read|carried> {work} <in {language}|until the pages fell out|>.
"{given}!" <cried|whispered> {given}. "<Not now|Run|You came>."
Nobody spoke. The Clock in the Hall struck <Four|Nine>.
During the {event} the family <fled to|hid in> {loc}.
The {sur} <sisters|brothers|house> <never forgave|knew> {title} {sur}.
{given} <married|buried|outlived> a {believer} <carpenter|clerk> from {city}.
At {building} a man in a Grey Hat <asked for a light|bought the last ticket>.
<Snow|Rain|Dust> fell on {city} for {n} days.
He <worked|slept> for {firm} <by day|for years> and <painted|drank> by night.
"Is {given} here?" "No, {given} <died|left> in {year}."
The <map|guidebook> promised an inn at {city}; there was only a well and {given}'s goat.
"""

NEWS = """
{city} ({org}) - <Police|Firefighters|Doctors> <searched|treated> {n} people after <a blast|a crash> near {building}.
{per}, {n}, of {city}, was <fined|jailed|charged> on {day}.
{org} <said|announced> on {day} that it would <close|open> <a plant|an office> in {loc}.
The <mayor|governor|bishop> of {city}, {per}, <denied|welcomed> the <claim|plan>.
{country} <and {country} signed|pulled out of> <a trade deal|talks in {city}>.
{per} scored twice as {club} beat {club} {n}-{n}.
<Prices|Rents|Exports> <rose|fell> by {n} per cent in {month}.
A {demonym} court <ordered|allowed> {firm} to <pay {money}|sell its stake in {firm}>.
"We are <shocked|relieved>," said {per}, <spokeswoman for|head of> {org}.
The <film|play|album> {work} <opens|premieres> in {city} on {date}.
{sur}'s <agent|widow|coach>, {per}, <could not be reached|declined to comment>.
{event} organisers <moved|cancelled> the <opening|final> because of <rain|a strike>.
Shares of {firm} <lost|gained> {n} per cent in {city}.
The <victim|winner> was named as {per}, a {demonym} <tourist|student>.
<Experts|Neighbours> warn that the <dam|bridge> may not hold.
President {per} will <visit|leave for> {loc} <on {day}|next week>.
{club} has <appointed|sacked> {per} as <head coach|director>.
<Weather|Sport|Classified Ads|Correction>
The {demonym} government <recalled|expelled> {n} diplomats from {city}.
{per} contributed to this report from {city}.
The <ship|ferry> <sank|ran aground> off {loc} with {n} people aboard.
Researchers at {body} <found|tested> a <vaccine|fossil> in {loc}.
"""

REVIEWS = """
<Great|Lovely|Decent> <pizza|rooms|haircut>, <ask for {given}|say hi to {given}>!
{firm} in {city} is <overrated|a gem|not what it was>.
<Bought|Got> the {product} for my <son|wife> {given}, <works|broke after {n} days>.
{work} by {per} is <too long|a masterpiece|worth every page>.
<Our waiter|The owner|The nurse> {given} <was rude|made our day|forgot the bill>.
<Two|Three|Five> stars. Would <not |>recommend.
<Better|Worse> than {product}, <half|twice> the price.
Stayed at {firm} <near {building}|on {street}>, <noise all night|clean and quiet>.
{per} <shines|is wasted> in {work}, <the rest is noise|and {per} steals every scene>.
The {demonym} <food|staff|wine> is <authentic|superb|just ok>.
<Arrived|Shipped> from {country} in {n} days, <box damaged|well packed>.
<Does|Will> it fit a {product}? <Mine does|No>.
{firm} <never answered|refunded me at once|blames {firm}>.
<Beautiful|Crowded|Boring> <walk|tour> through {loc}, <our guide {given} was late|bring water>.
The <Small|Medium> is really a Large. The Red looks Orange.
Took the <ferry|bus> from {city} to {city}: <dirty|on time|never again>.
Dr. {sur} at {body} <listens|saved my knee>.
I <met|saw> {per} <at|during> {event}, <what a show|so tiny>!
<Easy|Impossible> to <clean|assemble>, manual only in {language}.
Warning: Not Suitable for Dishwasher!
"""

SOCIAL = """
{handle} {handle} <thanks|lol same|see you there> <🙏|😂|>
<RT|via> {handle}: {per} <at|live from> {building} {tag}
just <landed|arrived> in {city} {tag} {tag}
<thoughts|prayers> with <everyone in|my family in> {loc} <💔|🙏|>
{given} is <trending|cancelled> again <lol|why>
so <happy|proud> to join {org} as <an intern|a fellow> <🎉|> {tag}
<vote|march|run> with us on {day}! {tag} {url}
{club} <fans|boys> <in tears|going home> <😂😂|> {tag}
<dear|hey> {firm}, <fix your app|where's my parcel>. <sincerely|love>, <everyone|a customer in {city}>
throwback to {event} {year} with {given} and {given} {tag}
<mondays|winter|adulting> should be illegal {tag}
{handle} <tell|ask> {given} <i said hi|about {loc}>
<unpopular opinion|hot take>: {work} is <better than {work}|overrated>
{demonym} people <queue for everything|are the best>, change my mind
new <post|video>: {n} things to do in {loc} 👉 {url}
{per} > {per}, <no debate|fight me>
<goodbye|bye> {city}, hello {city} ✈️
cant wait for {product} {tag}
{handle} <is|was> the best account on here
<who|anyone> else <saw|heard> {per} on {body} <this morning|>
{tag} {tag} {tag} {tag}
lost cat near {street}, {city}, answers to {given}, please share
"""

LISTS = """
<The jury|Invited|Winners>: {given}, {given}, {given}, {given} and {given}
<Stops|Route|Itinerary>: {city} - {city} - {city} - {city}
<Sponsors|Partners|Clients>: {firm}, {firm}, {org}
1. {per} 2. {per} 3. {per} 4. {per}
- {city} - {loc} - {country}
<Cast|Players|Staff>: {per} (<Mother|Goalkeeper|Porter>), {per} (<Doctor|Defender|Cook>)
<Shopping|To buy>: Milk, Eggs, Butter, Soap, Batteries
<Contents|Index>: Preface, Introduction, Methods, Results, Appendix
<Languages|Courses>: {language}, {language}, {language}
<Reading list|Watched>: {work}; {work}; {work}
a) <Opening|Greeting> by {title} {sur} b) <Report|Speech> of {per} c) <Lunch|Discussion>
Thanks to {given}, {given}, {given} and everybody at {org}!
<Offices|Branches>: {city}, {city}, {city} ({country})
Steps: Open the Box, Remove the Cover, Insert the Battery, Press Start
<Works with|Tested on>: {product}, {product}, {product}
Mon: {given} Tue: {given} Wed: Nobody Thu: {given}
* {per}, {body} * {per}, {firm}
<Dept|Room>: <Radiology|Chemistry|Archive> <Tel|Ext>: {n}
"""

WRAPPED = """
> {given} <wrote|asked> whether > {per} <from|of> > {org} would <come|speak> > in {city} this year.
<The parties|Both sides>, {firm} and {per}, agree <as follows|to the terms below>. <Page {n}|>
This <Agreement|Licence> is made between {firm} ("the <Seller|Licensor>") and {per} ("the <Buyer|Licensee>").
The <Buyer|Seller|Tenant> shall <pay the Price|return the Keys> within {n} days of the Effective Date.
<Yesterday|Last week> {per} and {title} {sur} <travelled|drove> from {city} to {loc} <in order to meet|to see> {org}, <which|who> had <asked for help|invited them>.
<According to|As reported by> {per} of {body}, the <number|cost> of <visits|repairs> in {loc} has <doubled|halved> since {year}, <though|while> in {loc} it has not.
<It is|We are> <my|our> <sad duty|pleasure> to inform you that {per}, <for many years|since {year}> <a member of|with> {org}, <has died|will retire> <in {city}|>.
Notes: (1) see {sur}, {work}, {year}, p. {n}; (2) <ibid.|see Table {n}>.
{per}, <who grew up in|a native of> {city}, <studied at|was expelled from> {body} and <later|then> <joined|founded> {firm} in {loc}.
"""

OFFICES = """
{given}, <see attached|per our conversation|FYI|any news on this?>
{given},
{given}
<Thanks|Thx|Regards|Cheers>, {given}
<Tx|Rgds>, {initials}
{per} <Director|Associate|Analyst|Counsel>, <Legal|Trading|Facilities|HR> {org} {phone} (<Office|W>) {phone} (<Mobile|C>)
{per} -- {firm} -- {email}
"{last_first}" <{email}>
{last_first} <{email}> {date} {time}
{per} / {firm} @ {firm} <cc|bcc>: {per}, {last_first}
- {given}_<Resume|Budget|Agenda>.<doc|xls|pdf> << File: {user}.doc >>
(See attached file: <Draft Lease|Comments on the MOU|Org Chart>.doc)
<Our|The new> domain is <www.|>{host}.com, <so write to|no longer> {user}@{host}.com.
Go to {host}.com or {host}.org.uk <and sign up|for the FAQ|>.
<Please|Pls> send the <NDA|RFQ|PO|SOW|ETA|KPI report> to {given} <by COB|before the Q{n} review|ASAP>.
<HR|IT|PR|QA|The CFO|R&D> <wants|needs> the <W-2|PTO|VPN|CRM> <forms|numbers|list> from {given} <at {firm}|>.
{firm} <signed|redlined> the <NDA|MSA|LOI> with {firm} (the "<Buyer|Agent|Guarantor>").
{firm} ("<Seller|Tenant>") and {per} <agree|have agreed> as follows.
The <Gas|Coal|Freight|Power> Desk <at {firm}|in {city}> <quoted|confirmed> {money}.
<CST|EST|GMT|UTC>, <Conf. Call|Dial-in>: {phone}, Passcode {id}
<Which|What> <ISDA|GAAP|LNG|OPEX> <terms|figures> does {firm} use <in {country}|>?
I <met|spoke with> {given} <of|from|over at> {org} about <their RFI|the JV|our KYC questions>.
{org}, {house} {street}, Suite {n}, {city}
"""

WEB = """
<Email|E-mail|Contact>: "{given}" <{user}...@{host}.com>
Posted by {user} <to {user}'s blog |>at {date} {time}
Newsgroups: <rec.gardens|sci.space.news|comp.lang.misc>, <soc.history|misc.books>
<Try|Check|Google> <http://www.{host}.com/faq?id={id}&lang=en|{host}.net|en.{host}.org/wiki/Main_Page>
I <found|saw> it at <a yard sale|{firm}>, <cheap|used> <Bikes|Lamps|toys|tires>.
<Best|Worst> <pizza|haircut|oil change|sushi> in {city}! <Ask for|Thank you,> {given} <at {firm}|>!
{firm} <is|was> <the best|a rip off|overpriced but good>, <highly recommend|never again>.
<we|My wife and I> <stayed at|ate at|got married at> {firm} in {city}, <loved it|so so>.
<what|which> is <better|cheaper>, {firm} or {firm}?
<does|do> {firm} <ship to|deliver in> {loc}?
<is|how far is> {loc} <safe|from {loc}|worth a visit> <?|for kids?>
<going to|backpacking in> {loc} <and|then> {loc} next <month|year>, any <tips|must sees>?
my <cat|dog|parrot|hamster> {given} <wont eat|keeps sneezing|had kittens>, <help|is that normal>?
A <Golden Retriever|Maine Coon|Siamese|Border Collie> named {given} <was lost|ran away> <near {street}|in {city}>
<How|Why> do <Muslims|Americans|Catholics|Germans|Hindus> <celebrate|call> <Easter|Ramadan|Diwali|Halloween> <in {country}|>?
The <desktop|phone|beta> version of {product} <crashes|rocks> <!|on my laptop>
<Prime Minister|President|Senator|Gov.> {sur} <told|wrote to> the {org} that {country} and {country} <agreed|disagree>.
{sur} <says|claims|denied> {body} <lied|knew> about {city}, <according to|says> {org}.
<Sunni|Shia|Kurdish|Tamil> <fighters|leaders> <near|in> {city} <met|fired on> <troops|envoys> <of|from> {country}
Hurricane <season|Warning>: <winds|rain> <in|off> {loc}, says {body}.
<Ad|Photo|Image>: {org} / {per}
{user}.<jpg|mp3|zip> ({n} KB)
RE: <Where to buy a Used Car|Visa Questions|Best Phone> <in {city}|>
<Oh My God|OMG|LOL|Deja Vu>, {given} is <so funny|right>!!!
<Dr.|Dr> {sur} and <his|her> staff at {firm} are <AMAZING|very kind>.
"""

KINDS = {
    "tickets": TICKETS, "minutes": MINUTES, "forms": FORMS, "tables": TABLES, "chats": CHATS, "logs": LOGS, "mails": MAILS, "prose": PROSE, "news": NEWS, "reviews": REVIEWS,
    "social": SOCIAL, "lists": LISTS, "wrapped": WRAPPED, "offices": OFFICES, "web": WEB,
}
KINDS = {kind: [line for line in lines.strip().splitlines()] for kind, lines in KINDS.items()}
