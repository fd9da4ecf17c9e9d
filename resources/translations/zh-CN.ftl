### What Sealdrop's window says, in Simplified Chinese. How to add a sentence or a language: see src/ui/text/mod.rs.
###
### 用词：device 设备 · this device 本机 · the other device 对方设备 · offer 发送请求 · transfer 传输 · accept 接收 ·
### decline 拒绝 · seal 印记 · checksum 校验和 · verified 已验证 · key 密钥 · code 安全码 · compare 核对（安全码）、比对（校验和）·
### plain protocol 明文协议 · message 消息 · stranger 陌生设备 · left out 未包含

# This language by its own name, as it stands in the settings.
language-name = 简体中文

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

accept = 接收
accept-message-tip = 保留这条消息，并告知对方已送达
activity = 活动
add-address = 添加
add-files = 添加文件…
add-files-title = 添加要发送的文件
add-folder = 添加文件夹…
add-folder-title = 添加要发送的文件夹
address-hint = 名称、地址或链接
address-label = 地址
addresses-label = 最近使用的地址
all-files = 所有文件
allow-different = 这是另一台设备
allow-different-tip = 允许它以陌生设备的身份连接。您验证过的那台设备仍是已验证状态
allowed-different = 它现在可以以陌生设备的身份连接了。请它的主人再试一次
app-name = Sealdrop
around = 附近
around-tip = 这个地址上有程序在宣告自己
ask-again = 再次询问
back = 返回
badge-blocked = 已屏蔽
badge-blocked-tip = 它的发送请求会被直接拒绝，不再询问
began-anew = 已重新开始
cancel = 取消
cancelling = 正在取消…
change = 更改…
check-again = 重新检查
checking = 正在检查…
checksum-hint = 在此粘贴 MD5 校验和
checksum-label = 校验和
choose-files = 选择文件…
choose-folder = 选择文件夹…
choose-folder-title = 选择保存位置
choose-list = 选择校验和文件…
claim-tip = 这是它自称的名称。在核对安全码之前都不可轻信
classic-caution = 不加密，也不会询问对方
classic-label = 明文协议
classic-no-code = 它使用没有密钥的明文协议，因此无法验证
classic-setting = 允许 Sealdrop 以外的程序发来文件（明文协议，不加密）
classic-tip = 用于 Sealdrop 以外的程序。不加密，对方也不会回复确认
clear = 清空
clear-history = 清除历史记录
clear-history-sure = 收发记录将被清除，文件仍留在原处
close = 关闭
close-anyway = 停止并关闭
close-title = 关闭 Sealdrop？
closing = 正在关闭…
code-agreeing = 正在商定安全码…
code-ask = 请当面或通过电话问对方看到的安全码。如果相同，请点击“一致”以记住对方设备
code-for-them = 如果对方问起安全码：
code-once-more = 除非有人在两台设备之间做手脚，否则对方屏幕上显示的是同一个安全码
codes-differ-advice = 请通过其他方式（例如电话）询问对方看到了什么，然后换一个双方都信任的网络再试
codes-differ-title = 安全码不一致
compare = 比对…
compare-codes = 核对安全码
compare-codes-tip = 在两边屏幕上显示六位数字，不发送文件
compare-empty = 粘贴对方公布的校验和，看看是否相同
compare-equal = 一致：校验和相同
compare-title = 核对安全码
conflict-accept = 自动接收的文件总是保留两者
conflict-ask = 每次在请求卡片上选择
conflict-label = 名称已被占用时
copied = 已复制
copy = 复制
copy-details = 复制详细信息
copy-key = 复制密钥
copy-message = 复制消息
copy-link = 复制链接
decline = 拒绝
details = 详细信息
device-key-label = 密钥
device-name-label = 设备名称
device-verified = 已验证的设备
devices = 设备
discard = 放弃
dismiss = 关闭
do-not-close = 继续运行
drop-files-to-verify = 将文件拖放到这里以查看印记
drop-here = 将文件和文件夹拖放到这里
drop-now = 松开即可添加
drop-now-detail = 点击“发送”之前不会发送任何内容
drop-to-verify = 松开即可查看印记
drop-to-verify-detail = 只读取文件，不发送任何内容
empty-folder = 空文件夹
end-comparison = 结束核对
end-now = 立即结束
engine-busy = Sealdrop 正忙。没有丢失任何内容，请稍后再试
engine-gone = Sealdrop 内部已停止工作。请关闭后重新启动
everybody-for-a-while = 对所有人可见 10 分钟
everybody-for-a-while-tip = 之后恢复为之前的范围
expected-key = 您验证过的密钥
file-column = 文件
first-start = 一切就绪。这些设置对吗？
first-start-done = 没问题
forget = 忘记
forget-sure = 它发来的文件将像陌生设备的一样逐次询问
forget-sure-unverified = 它将从列表中移除
here-now = 在线
here-now-tip = 它刚刚出示过自己的密钥
hide-files = 隐藏文件
hide-key = 隐藏密钥
hide-keys = 隐藏密钥
hide-names = 隐藏名称
history = 历史记录
history-empty = 还没有收发过任何内容。每次传输结束后都会列在这里，重新启动后也不会消失
history-label = 与它的往来记录
history-looking = 正在查找…
history-not-found = 历史记录中没有相符的内容
inspect-file = 选择一个文件以查看它的印记
interrupted = 已中断
keep = 保留
keep-both = 保留两者
keep-both-tip = 新的名称会加上编号：照片 (2)
key-damaged-text = Sealdrop 用这台设备独有的密钥证明自己的身份。存放密钥的文件无法识别
key-damaged-title = 本机的密钥已损坏
key-exposed-text = Sealdrop 用这台设备独有的密钥证明自己的身份。这台计算机的其他用户可以读取存放密钥的文件，从而冒充本机
key-exposed-title = 其他人可以读取本机的密钥
key-make-private = 设为仅自己可读并继续
key-make-private-text = 从现在起只有您可以读取它。如果确定还没有别人读过，请选择此项
key-new = 启用新的密钥
key-new-text = 旧文件会另外保存。其他人需要重新验证这台设备
language-label = 语言
language-system = 跟随系统
link = 链接
link-taken = 链接已填入“地址”栏
listen-elsewhere = 使用其他端口
lost-drop = 这次拖动没有送来任何文件。如果您是在此窗口内松开的，说明文件管理器无法移交文件，请改用“添加文件…”
mark-classic = 明文协议
mark-not-encrypted = 未加密
mark-not-verified = 未验证
message = 消息
message-delivered = 已送达
message-delivering = 正在送达…
message-hint = 消息（可选）
message-label = 消息
message-received = 已接收
message-receiving = 正在接收…
met-key = 实际遇到的密钥
move-down = 下移
move-up = 上移
moving = 正在传输
nearby = 附近
need-choice = 请选择设备
need-files = 请添加要发送的内容
need-walk = 仍在统计
never-verified = 未验证。请核对安全码，以确认它就是它所声称的设备
no-activity = 还没有发送或接收过任何内容
no-address = 它只主动联系过本机，尚不知道它的地址
no-devices = 您发送过的设备会记在这里
no-history = 与这台设备还没有收发过任何内容
no-limit = 不限速
no-paths-in-clipboard = 剪贴板中没有文件，也没有文本
no-selection = 请至少选择一个文件
nobody-else = 没有其他设备
nobody-nearby = 暂未发现。请确认对方设备上的 Sealdrop 已打开、在同一网络中，并且对所有人可见。直接输入地址总是可行的
not-encrypted-tip = 管理网络的人可能看到内容
notifications-setting = 窗口不在前台时显示通知
not-verified-tip = 它的密钥还没有与其主人核对过
nothing-new = 所有内容原本就已存在
nothing-to-send = 没有可发送的内容
nothing-to-verify = 剪贴板中没有文件，也没有可与所示文件比对的 MD5 校验和
open-device-page = 打开设备页面
open-dialog-failed = 文件对话框未能打开。在 Linux 上需要桌面门户（或 zenity）。您可以直接输入路径
outcome-cancelled = 已取消
outcome-complete = 已完成
outcome-declined = 已拒绝
outcome-missed = 未接到
outcome-not-confirmed = 未获确认
outcome-partial = 部分送达
own-address = 其他人发送到
own-key-tip = 其他人验证本机之后，就通过它认出本机
own-link-none = 现在无法连接本机：没有网络，或没有端口
own-link-text = 请扫描，或把链接粘贴到对方设备的“地址”栏。链接包含本机的地址和密钥，其他设备无法冒充本机
own-link-tip = 本机的地址、名称和密钥，合在一个链接里
own-link-title = 本机的链接
parallel-hint = 每个方向，1 到 16 个；其余的排队等候
parallel-label = 同时进行的传输数
paste = 粘贴
paste-tip = 添加剪贴板中的文件、路径或文本（Ctrl+V）
pasted-too-long = 剪贴板中的文本太长，不能作为消息发送。请将它保存为文件后再发送
path-for-checksums = 请输入用来保存校验和的文件的完整路径
path-for-folder = 请输入保存位置文件夹的完整路径
path-for-list = 请输入校验和文件的完整路径
path-for-sending = 请输入要发送的文件或文件夹的完整路径
path-for-verifying = 请输入要校验的文件或文件夹的完整路径
path-hint = /文件或文件夹的/完整路径
path-label = 路径
pause = 暂停
pause-classic-tip = 明文协议不支持暂停
paused = 已暂停
perhaps-here = 可能在线
perhaps-here-tip = 附近有设备自称是它，但还没有出示密钥
port-label = 端口
port-taken = 可能有其他程序或另一个 Sealdrop 正在使用它。换用其他端口之前无法接收文件
port-tip = 0 表示由系统选择空闲端口
queued-file = 等待中
quit = 退出
receive-folder-label = 接收的文件保存到
receive-limit-label = 接收限速
remove = 移除
replace = 替换
replace-tip = 新文件通过验证后，才会替换已有的文件
resume = 继续
resume-by-itself-tip = 对方设备可以继续时，会自动继续
resume-looks-tip = 立即再检查一次
resume-there-tip = 它由对方设备暂停，要在对方设备上继续
resume-try-now-tip = 立即再试一次
resume-trying-tip = 正在尝试
retry = 重试
retry-all-tip = 将未送达的内容按现在的样子再次发送请求
rule-accept = 接收到指定文件夹
rule-ask = 每次询问
rule-block = 屏蔽
rule-label = 它发来文件时
rule-needs-folder = 请先选择文件夹，在此之前保持原来的设置
running = 进行中
save = 保存
save-checksums = 保存校验和…
save-checksums-title = 保存校验和
save-to = 保存到
saved = 已保存
seal-column = 印记
seal-not-checked = 对方未校验
seal-verified = 已验证：两台设备上完全相同
search-history = 搜索历史记录
search-history-hint = 按设备、文件、印记或消息搜索
send = 发送
send-again = 再次发送
send-again-tip = 将相同的文件和文件夹按现在的样子再次发给同一台设备
send-limit-label = 发送限速
send-message = 发送消息
send-message-tip = 在消息框中按 Ctrl+Enter 也可以发送
settings = 设置
show-files = 显示文件
show-in-folder = 在文件夹中显示
show-key = 显示密钥
show-keys = 显示密钥
show-names = 显示名称
show-offer = 查看
show-qr-code = 显示二维码
size-column = 大小
skip = 跳过
skip-identical = 相同则跳过
skip-identical-tip = 已有且相同的不再发送；不同的予以保留，新的名称加上编号
skip-tip = 保留已有的文件，新的不发送
state-changed-since = 磁盘上已改变
state-checked = 仍然相同
state-column = 状态
state-failed = 失败
state-gone = 已不在原处
state-handed-over = 已送出，未获确认
state-mismatch = 不一致
state-not-compared = 未附校验和
state-not-sent = 未发送
state-skipped = 未选择
state-there = 原本已有
state-verified = 已验证
theme-dark = 深色
theme-label = 主题
theme-light = 浅色
theme-system = 跟随系统
they-differ = 不一致
they-differ-tip = 就此停止，并告诉您该怎么做
they-match = 一致
this-device = 本机
type-path = 输入路径…
unit-kilobytes = kB/s
unit-megabytes = MB/s
use-path = 使用
verdict-changed = 已改变
verdict-differs = 不一致
verdict-missing = 缺失
verdict-outside = 未检查
verdict-reading = 正在读取…
verdict-same = 与列表一致
verdict-sealed = 已读取
verdict-stopped = 已停止
verdict-unreadable = 无法读取
verified = 已验证
verified-badge-tip = 您核对过它的安全码：它就是它所声称的设备
verified-now = 已验证：对方设备已被记住
verified-tip = 两边相同：记住对方设备
verify-changed = 它在读取过程中发生了改变，因此没有印记。请等它不再变化后重新校验
verify-files-title = 选择要校验的文件
verify-intro = 拖入文件以查看它们的印记，或拖入校验和文件（.md5、MD5SUMS）以检查其中列出的文件。不会发送任何内容
verify-list-title = 选择校验和文件
verify-listed = 在校验和文件中
verify-looking = 正在查找文件…
verify-missing = 校验和文件列出了它，但它不存在
verify-outside = 校验和文件列出的位置在它自己的文件夹之外，因此没有检查。要查看印记，请直接拖入那个文件
verify-stopped = 它没有读完
verify-view = 校验
verify-view-tip = 查看任意文件的印记，或按校验和文件检查文件
visibility-setting = 谁能在附近发现本机
visible-everybody = 所有人
visible-everybody-name = 对所有人可见
visible-everybody-tip = 本机的名称和系统会显示给网络中的所有人
visible-nobody = 不可见
visible-nobody-name = 对任何人都不可见
visible-nobody-tip = 本机不宣告自己，但仍能看到其他设备，别人也可以输入它的地址
visible-to = 可见范围
visible-verified = 已验证的设备
visible-verified-name = 对已验证的设备可见
visible-verified-tip = 只有知道本机密钥的设备才能发现它，其他设备从它的宣告中读不出任何内容
waiting-for-engine = 正在启动…
write-message-hint = 或者写一条消息
wrong-caller-advice = 可能有人在冒充。请通过电话等其他方式询问您认识的那个人。如果对方重新安装了 Sealdrop，请打开设备页面，忘记旧设备，再验证新设备。如果只是同名的另一个人，请选择“这是另一台设备”
wrong-folder = 文件夹需要填写完整路径
wrong-key-advice = 可能有人在冒充。请通过电话等其他方式询问您认识的那个人。如果对方重新安装了 Sealdrop，请打开设备页面，忘记旧设备，再验证新设备
wrong-limit = 限速应为数字，至少 1.024 kB/s；不限速请留空
wrong-name = 设备名称应为 1 到 64 个字符
wrong-parallel = 同时进行的传输数应为 1 到 16 的数字
wrong-port = 端口应为 0 到 65535 的数字

## Lists

list-comma = { $start }、{ $next }
list-and = { $start } 和 { $last }
list-more = 另外 { $more } 项
# A label and what it is the label of.
labelled = { $label }：{ $value }
# What happened, then what to do.
and-then = { $what }。{ $then }
and-more = { $first } 及其他 { $more } 项
more = 还有 { $more } 项

## Counts, which other messages use

files = { $files } 个文件
folders = { $folders } 个文件夹
links = { $links } 个链接
items = { $items } 个项目

## Sizes, times and dates

bytes = { $bytes } 字节
rate = { $size }/s
rate-slow = { $bytes } B/s
per-cent = { $percent }%
left-few-seconds = 还剩几秒
left-seconds = 还剩 { $seconds } 秒
left-minutes = 还剩 { $minutes } 分钟
left-hours = 还剩 { $hours } 小时
left-days = 还剩 { $days } 天
seconds = { $seconds } 秒
seconds-under = 不到 { $seconds } 秒
minutes = { $minutes } 分钟
hours = { $hours } 小时
minutes-seconds = { $minutes } 分 { seconds }
hours-minutes = { hours } { minutes }
took = { $size }，用时 { $duration }
took-nothing = { $size }，全部已存在
took-part = { $size }：传输了 { $moved }，用时 { $duration }，另有 { $kept } 已存在
date = { $year } 年 { $month } 月 { $day } 日
date-time = { $date } { $time } UTC
files-and-size = { files }，{ $size }
items-and-size = { items }，{ $size }
all-files-and-size = 全部 { files }，{ $size }
selected-files-and-size = 已选 { $some } 个，共 { files }，{ $size }
arrived-files-and-size = { files }中的 { $some } 个，{ $size }

## Names that are taken

are-there = { $names } 已经存在
are-there-with-none = { are-there }，其中没有这些文件
are-there-with-all = { are-there }，其中已有全部 { files }
are-there-with-some = { are-there }，{ files }中已有 { $there } 个
new-becomes = 新的将命名为 { $names }
# $then is one of the clauses below; alone it is a sentence, and its first letter becomes a capital.
goes-into = 放入 { $folders }；{ $then }
then-nothing-to-replace = 没有需要替换的文件
then-all-is-sent = 全部发送
then-replaced = { $there ->
    [1] 新文件通过验证后替换已有的文件
   *[other] { $there } 个已有的文件会在各自的新文件通过验证后被替换
}
then-skipped = { $there ->
    [1] 已有的文件保持不变，新的不发送
   *[other] { $there } 个已有的文件保持不变，新的不发送
}
then-compared = { $there ->
    [1] 如果已有的文件相同，就不再发送；否则予以保留，新的名称加上编号
   *[other] { $there } 个已有的文件将逐一比较：相同的不再发送，不同的予以保留，新的名称加上编号
}
remember-for = 对 { $device } 记住此选择
space = { $most ->
    [yes] 最多需要 { $needed }
   *[no] 需要 { $needed }
}，{ $known ->
    [yes] 可用空间 { $free }
   *[no] 可用空间未知
}{ $reserved ->
    [yes] （其中 { $kept } 已留给其他传输）
   *[no] {""}
}
too-big = 空间不足：还需要 { $more }。请选择其他文件夹或减少文件
may-not-fit = 如果全部发送，还需要 { $more }。届时会暂停，直到有足够的空间

## Offers and what is in them

offer-card = { $device } 的发送请求，{ files }
offer-message = { $device } 发来一条消息
offer-title = { $device } 想发送给您：{ $contents }
renamed = 将保存为 { $name }
renamed-from = { $was } { renamed }
saved-as = 已保存为 { $name }
changed-names = { $names } 个名称将被更改
left-out = { $what }：{ $why }
left-out-count = { items }未包含在内
expires = 请在 { $seconds } 秒内答复
missed = 错过了 { $peer } 的发送请求
fold = 折叠 { $folder }
unfold = 展开 { $folder }
somebody-compares = { $devices } 台设备想核对安全码
offers-wait = { $offers } 个发送请求等待您答复

## Sending

walking = 正在统计… 目前 { items }，{ $size }
send-to = 发送到 { $name }
send-to-two = 发送到 { $name } 和 { $other }
send-to-many = 发送到 { $name } 和另外 { $more } 台设备
bad-address-empty = 请输入名称或地址
bad-address-host = “{ $typed }”不是名称，也不是地址（例如 192.168.1.20）
bad-address-no-host = 端口前面缺少名称或地址
bad-address-no-port = 冒号后面缺少端口
bad-address-port = “{ $typed }”不是端口：请使用 1 到 65535
bad-address-scheme = “{ $typed }”是其他程序的地址。请去掉名称前后的内容
bad-link-address = 这个 sealdrop:// 链接已损坏。{ $why }
bad-link-escape = 这个 sealdrop:// 链接已损坏：其中一部分无法读取。请重新索取
bad-link-key = 这个 sealdrop:// 链接已损坏：其中的密钥不完整。请重新索取
bad-link-no-address = 这个 sealdrop:// 链接已损坏：其中没有地址。请重新索取
bad-link-shape = 这个 sealdrop:// 链接已损坏：它不以 sealdrop:// 开头，或含有空格。请重新索取
bad-link-too-long = 这个 sealdrop:// 链接太长，或含有超过 { $most } 个地址。请索取另一个
bad-link-twice = 这个 sealdrop:// 链接已损坏：同一内容出现了两次。请重新索取
link-bare = 链接：{ $addresses } 个地址，没有密钥
link-named = 指向 { $name } 的链接：{ $addresses } 个地址，没有密钥
link-named-with-key = 指向 { $name } 的链接：{ $addresses } 个地址，只与持有该密钥的设备通信
link-with-key = 链接：{ $addresses } 个地址，只与持有该密钥的设备通信
qr-code = 二维码：{ $link }
unreadable-drop = 无法读取 { $name }
unreadable-drops = 无法读取 { $name } 和另外 { $more } 项
remove-item = 移除 { $item }

## Messages

call-of-offer = { $what }，{ $size }
call-of-many = { $number } 台设备在等待您答复
call-received = 已收到来自 { $device } 的内容
call-received-in-part = 只收到来自 { $device } 的部分内容
call-not-received = 未能收到来自 { $device } 的内容
call-sent = 已发送到 { $device }
call-sent-in-part = 只有部分内容发送到 { $device }
call-not-sent = 未能发送到 { $device }
call-why = { $what }：{ $why }
call-of-ends = { $number } 个传输已结束
call-ends-failed = 其中 { $number } 个未能完成
message-card = { $device } 发来的消息
message-empty = 请写下要发送的内容
message-too-long = 消息超出上限 { bytes }。请将它保存为文件后再发送
link-not-understood = 此版本的 Sealdrop 无法打开链接 { $link }
no-messages-there = { $device } 使用明文协议，不能传送消息
goes-without-message = { $device } 只会收到文件，收不到消息：明文协议不能传送消息

## How a transfer stands

way-incoming = 来自 { $peer }
way-outgoing = 发往 { $peer }
way-receiving = 正在从 { $peer } 接收
way-sending = 正在发送到 { $peer }
row = { $title }，{ $way }
listing = 正在列出… 目前 { items }
resolving = 正在查找 { $peer }…
connecting = 正在连接 { $peer }…
requesting = 正在等待 { $peer } 找到文件…
offering = 正在向 { $peer } 发出请求…
waits-while-busy = { $peer } 正忙
waits-for-device = { $peer } 现在不在线，上线后会立即发送
turn-unknown = 正在排队
turn-next = 正在排队：下一个就是它
turn-after = 正在排队：前面还有 { $before } 个传输
hashing = 正在先计算校验和… { $done } / { $total }
checking-what-is-there = 正在检查已有的部分：{ $percent }%，{ $done } / { $total }
trying-again-in-seconds = { $seconds } 秒后重试
trying-again-in-minutes = { $minutes } 分钟后重试
trying-again-now = 正在重试…
waits-for-peer = 等待 { $peer } 恢复连接
waits-to-tell = 内容已全部接收完毕，正在等待 { $peer } 恢复连接以告知结果
finish = 完成
finish-tip = 立即结束。{ $peer } 恢复连接后会得知结果
interrupted-stage = 已中断：Sealdrop 在传完之前被关闭。点击“继续”可从这里接着传
interrupted-all-here = 已中断：内容已全部到达本机，但对方设备可能还不知道
waits-to-accept = 等待 { $peer } 接收
waits-to-start = 等待 { $peer } 开始
finishing-there = 正在收尾：等待 { $peer } 确认
finishing-here = 正在收尾：将文件放到位
moved = { $moved } / { $total }
moved-with-files = { $moved } / { $total }，已完成 { $ended } 个，共 { files }
file-began-anew = { $file } 已重新开始：已收到的部分与文件现在的开头不再一致
files-began-anew = { $file } 和另外 { $more } 个文件已重新开始：已收到的部分与文件现在的开头不再一致
retry-asks = 重新索取失败的 { files }
retry-sends = 重新发送失败的 { files }
discard-nothing = 此传输将不再继续。还没有收到任何内容
discard-some = 此传输将不再继续。{ $side ->
    [there] 对方设备上
   *[here] {""}
}未传完的文件已收到的部分会被删除{ $files ->
    [0] {""}
   *[other] ；已完整送达的 { files }会保留
}

## Held

paused-both = 已在两台设备上暂停
paused-here = 已在本机暂停
paused-there = 已在对方设备上暂停
paused-turn-here = 正在排队：先进行其他传输
paused-turn-there = 正在对方设备上排队
paused-for = 已暂停：{ $why }
needs-and-free = { $what }（需要 { $needed }，可用 { $free }）
goes-on-with-space = { $side ->
    [here] 请腾出一些空间，之后会自动继续
   *[there] 有足够空间后会自动继续
}
goes-on-with-folder = { $side ->
    [here] 请恢复该文件夹或连接它所在的磁盘，之后会自动继续
   *[there] 文件夹恢复后会自动继续
}
goes-on-when-writable = { $side ->
    [here] 请将它设为可写，之后会自动继续
   *[there] 文件夹可写后会自动继续
}

## How a transfer ended

all-verified = 全部 { files }已在两台设备上验证
one-verified = 已在两台设备上验证
all-here-verified = 全部 { files }已到达本机并通过验证
one-here-verified = 已到达本机并通过验证
received-unchecked = 已接收，没有可供比对的校验和
all-arrived-but = 全部 { files }已送达，但有其他内容未包含在内
some-arrived = 共 { files }，已送达 { $some } 个
tally = { $state }：{ files }
close-nothing = 已经没有正在进行的传输。
close-offers = { offers-wait }。关闭即表示拒绝。
close-transfers = { close-unfinished }。{ close-later }。
close-both = { close-unfinished }。{ close-later }。{ offers-wait }，关闭即表示拒绝。
close-unfinished = { $transfers } 个传输尚未完成
close-later = { $later ->
    [none] 通过明文协议进行的传输关闭后无法继续
    [one] 它会停止，以后可以继续
    [all] 它们会停止，以后可以继续
   *[some] 它们会停止，以后可以继续，但通过明文协议进行的除外
}
wrote = 校验和已保存为 { $file }
not-written = 未能写入 { $file }。{ $why }
not-shown = 文件管理器未能打开。位置在：{ $place }
checked-again-same = 已重新检查：{ files }未改变
checked-again = 已重新检查：{ $same } 个未改变，{ $different } 个已改变，{ $gone } 个已不在
checking-again = 正在重新检查… 已完成 { $done } 个，共 { files }

## Seals

seal-verified-name = MD5 { $hex }，已验证
seal-mismatch-name = MD5 { $hex }，不一致
seal-unchecked-name = MD5 { $hex }，未校验
compare-differs = 不同：从第 { $digit } 位起不一致
compare-other-kind = 这看起来是 { $kind } 校验和；印记只能与 MD5 比对
compare-not-md5 = 不是 MD5 校验和：它有 { $digits } 个十六进制数字，而 MD5 需要 32 个

## Devices, keys and codes

code = 安全码 { $code }
is-it = 这真的是 { $device } 吗？
namesake = 这不是您验证过的“{ $device }”：它的密钥不同
own-key = 本机的密钥 { $key }
key-of = { $device } 的密钥 { $key }
copy-key-of = 复制 { $device } 的密钥
copy-address = 复制 { $address }
verified-since = 自 { $date } 起已验证
device = 设备 { $device }{ $verified ->
    [yes] ，已验证
   *[no] {""}
}{ $blocked ->
    [yes] ，已屏蔽
   *[no] {""}
}
details-of = { $device } 的详细信息
compare-card = 与 { $device } 核对安全码
wants-to-compare = { $device } 想核对安全码
look-at-the-other-screen = 请看对方屏幕：{ $device } 显示 Sealdrop 窗口后，安全码就会出现
wrong-key-title-incoming = 有人在使用“{ $device }”的名称
wrong-key-title-outgoing = 这不是“{ $device }”
wrong-key-incoming = 一台自称“{ $device }”的设备从 { $address } 连接，但它的密钥与您验证过的不同。已将其拒之门外
wrong-key-alike = 一台自称“{ $met }”（看起来像“{ $device }”）的设备从 { $address } 连接，但它的密钥与您验证过的不同。已将其拒之门外
wrong-key-outgoing = { $address } 上的设备不是您验证过的“{ $device }”：它的密钥不同。没有向它发送任何内容
refused-here = 来自 { $address } 的发送请求已被回绝。{ $why }
refused-there = { $address } 上的设备连接后又断开了。{ $why }
codes-differ = 您看到的安全码与 { $device } 的不同。可能有人夹在两台设备之间窃读。弄清原因之前，请不要通过此网络发送任何内容
codes-differ-at = 您看到的安全码与 { $device }（{ $address }）的不同。可能有人夹在两台设备之间窃读。弄清原因之前，请不要通过此网络发送任何内容
devices-damaged = 无法读取设备列表，因此所有设备都不再视为已验证。旧列表已另存为 { $place }。在信任某个名称之前，请重新核对安全码
devices-not-saved = 对设备列表的更改未能保存，不会生效。{ $why }

## Devices nearby

everybody-for = 所有人，还剩 { $minutes } 分钟
nearby-device = 附近的设备 { $name }，未验证
last-seen = 上次出现于 { $date }

## This device and its settings

not-listening = 未能监听端口 { $port }
listening-nowhere = 没有网络：只有这台计算机上的程序可以发送到这里，地址为 127.0.0.1:{ $port }
settings-damaged = 无法读取设置文件，因此正在使用默认设置。旧文件已另存为 { $place }
settings-not-saved = 设置已生效，但未能保存。{ $why }
window-title = ({ $waiting }) Sealdrop
no-window =
    Sealdrop 找不到可以打开窗口的屏幕（{ $detail }）。
    没有屏幕时，请使用命令行：`sealdrop send --to HOST FILE…` 或 `sealdrop receive`；参见 `sealdrop --help`。
no-renderer =
    Sealdrop 无法绘制窗口。
      OpenGL：{ $glow }
      Vulkan、Metal 或 DirectX：{ $wgpu }
    请安装显卡驱动程序（在 Linux 上，Mesa 没有显卡也能工作），或者使用命令行：`sealdrop send --to HOST FILE…`、`sealdrop receive`。

## Verify

verify-reading = 正在读取第 { $place } 个，共 { files }：{ $name }
verify-all-same = { $files ->
    [1] 文件与列表一致
   *[other] 全部 { files }与列表一致
}
count-same = { $files } 个与列表一致
count-differs = { $files } 个不一致
count-missing = { $files } 个缺失
count-not-read = { $files } 个未读取
count-not-listed = { $files } 个不在列表中
verify-more = 另有 { $more } 个文件未包含在内：一次最多 { $most } 个
list-unreadable = 未能读取 { $name }。{ $why }
list-empty = { $name } 中没有 MD5 校验和
list-in-part = { $name }：有 { $lines } 行无法识别，只识别 MD5 校验和

## History

entry-received = 从 { $peer } 接收
entry-sent = 已发送到 { $peer }
entry-past = { $outcome }，{ $date }
entry-name = { $title }，{ $way }，{ $contents }，{ $outcome }，{ $time }
entry-name-alone = { $title }，{ $way }，{ $outcome }，{ $time }
entry-contents = { $contents }，{ $outcome }
entry-ended = { $outcome }：{ $contents }
entry-ended-in = { $outcome }：{ $contents }，用时 { $duration }
entry-ended-kept = { $outcome }：{ $contents }，用时 { $duration }，其中 { $kept } 已存在
entry-folder = 已保存在 { $folder }
entries = { $entries } 条记录
entries-found = 找到 { $found } 条，共 { entries }
history-incoming = 收到：{ $title }
history-outgoing = 发出：{ $title }
history-damaged = 历史记录已损坏。旧文件已另存为 { $place }；仍能读取的部分照常显示
history-failed = 无法读取或写入历史记录。{ $why }

## Why something did not go as hoped: what happened, and in .advice what to do

reason-already-there = { $side ->
    [here] 本机上已有同名文件，它保持不变
   *[there] 对方设备上已有同名文件，它保持不变
}
reason-bad-path = { $side ->
    [here] 其中有不允许的名称
   *[there] 对方设备不允许发送请求中的某个名称
}
    .advice = { $side ->
        [here] 请改名后重新发送
       *[there] 请改名后重新发送
    }
reason-blocked = { $side ->
    [here] 对方设备已被本机屏蔽
   *[there] 本机已被对方设备屏蔽
}
    .advice = { $side ->
        [here] 如果想接收它的文件，请取消屏蔽
       *[there] 请对方取消屏蔽
    }
reason-busy = { $side ->
    [here] 本机等待答复的发送请求太多
   *[there] 对方设备等待答复的发送请求太多
}
    .advice = { $side ->
        [here] 请先答复其中一些，再请对方重新发送
       *[there] 请过一会儿再询问
    }
reason-cancelled = { $side ->
    [here] 已在本机取消
   *[there] 已在对方设备上取消
}
reason-changed = { $side ->
    [here] 文件在发送过程中发生了改变
   *[there] 对方设备上的文件在发送过程中发生了改变
}
    .advice = { $side ->
        [here] 请等文件不再变化后重新发送
       *[there] 请等文件不再变化后让对方重新发送
    }
reason-connection-lost = 连接已断开
    .advice = 请检查两台设备是否在同一网络，然后重试
reason-declined = { $side ->
    [here] 已在本机拒绝
   *[there] 已在对方设备上拒绝
}
reason-disk-full = { $side ->
    [here] 本机空间不足
   *[there] 对方设备空间不足
}
    .advice = { $side ->
        [here] 请腾出一些空间或选择其他文件夹，然后重试
       *[there] 请对方腾出一些空间，然后重试
    }
reason-files-only = 明文协议只能传送文件
    .advice = 请发送其中的文件
reason-folder-missing = { $side ->
    [here] 保存位置的文件夹不存在
   *[there] 对方设备上保存位置的文件夹不存在
}
    .advice = { $side ->
        [here] 请选择其他文件夹
       *[there] 请对方选择其他文件夹
    }
reason-folder-read-only = { $side ->
    [here] 保存位置的文件夹不可写
   *[there] 对方设备上保存位置的文件夹不可写
}
    .advice = { $side ->
        [here] 请选择其他文件夹
       *[there] 请对方选择其他文件夹
    }
reason-internal = { $side ->
    [here] 本机的 Sealdrop 内部出错
   *[there] 对方设备的 Sealdrop 内部出错
}
    .advice = 请重试，并报告详细信息
reason-io = { $side ->
    [here] 本机无法读写磁盘
   *[there] 对方设备无法读写磁盘
}
    .advice = { $side ->
        [here] 请检查磁盘，然后重试
       *[there] 请对方检查磁盘，然后重试
    }
reason-key-damaged = { $side ->
    [here] 本机的密钥文件已损坏
   *[there] 对方设备的密钥文件已损坏
}
    .advice = 请从备份恢复它，或将它移走以启用新的密钥
reason-key-exposed = { $side ->
    [here] 其他人可以读取本机的密钥文件
   *[there] 其他人可以读取对方设备的密钥文件
}
    .advice = 请将它设为仅自己可读，或将它移走以启用新的密钥
reason-limit = { $side ->
    [here] 发送请求超出了本机的上限
   *[there] 发送请求超出了对方设备的上限
}
    .advice = 请分成几次发送
reason-mismatch = 印记不一致：送达的内容与发送的不同
    .advice = 文件未予保留，请重新发送
reason-no-answer = { $side ->
    [here] 本机未及时答复
   *[there] 对方设备未及时答复
}
    .advice = { $side ->
        [here] 请发送方重新发送
       *[there] 请在对方有人时再次询问
    }
reason-not-sealdrop = 那里有程序应答，但不是 Sealdrop
    .advice = 请检查地址和端口；如果是其他程序，请打开“明文协议”
reason-not-shared = { $side ->
    [here] 本机没有这个文件，或者没有共享
   *[there] 对方设备没有这个文件，或者没有共享
}
    .advice = 请检查文件名（大小写和扩展名），并请对方共享该文件
reason-not-understood = { $side ->
    [here] 本机无法理解对方设备
   *[there] 对方设备无法理解本机
}
    .advice = 请在两台设备上使用相同版本的 Sealdrop
reason-other = { $side ->
    [here] 本机已将其停止：{ $code }
   *[there] 对方设备已将其停止：{ $code }
}
    .advice = 请重试
reason-other-key = 在那里应答的不是链接所指的设备
    .advice = 请索取新的链接，或不用链接、直接输入地址
reason-port-in-use = { $side ->
    [here] 本机上有其他程序正在使用此端口
   *[there] 对方设备上有其他程序正在使用此端口
}
    .advice = 请使用其他端口，或关闭那个程序
reason-refused = 该地址上没有程序在监听
    .advice = 请检查地址和端口，并确认那里的 Sealdrop 已打开
reason-stale-epoch = 已由更新的连接接替
reason-timeout = { $side ->
    [here] 本机未及时收到对方设备的回应
   *[there] 对方设备未及时收到本机的回应
}
    .advice = 请检查两台设备是否在同一网络，然后重试
reason-unknown-transfer = { $side ->
    [here] 本机已不记得此传输
   *[there] 对方设备已不记得此传输
}
    .advice = 请重新发送
reason-unreachable = 无法连接到该地址
    .advice = 请检查地址、两台设备是否在同一网络，以及对方的防火墙
reason-unreadable = { $side ->
    [here] 本机无法读取它
   *[there] 对方设备无法读取它
}
    .advice = { $side ->
        [here] 请检查它是否存在以及您是否有权打开
       *[there] 请对方检查后重新发送
    }
reason-unresolved = 找不到该名称的设备
    .advice = 请检查拼写，或输入数字地址
reason-untold = 内容已全部到达本机，但对方设备在得知之前就断开了
    .advice = 在它重新连接之前，对方屏幕上的显示可能不同
reason-version = 两个 Sealdrop 的版本无法互通
    .advice = 请更新较旧的一方
reason-versions = 两个 Sealdrop 无法互相理解：一方使用协议版本 { $one }，另一方使用 { $other }
version-range = { $from } 到 { $to }
reason-wrong-key = { $side ->
    [here] 那里的设备不是您验证过的那台
   *[there] 对方设备所知的同名设备使用的是另一个密钥
}
    .advice = { $side ->
        [here] 发送任何内容之前，请先问对方发生了什么变化
       *[there] 如果本机是新安装的 Sealdrop，请对方忘记旧设备并验证本机
    }

## The shared folder

downloads = 从共享文件夹的下载
get = 获取
get-again-tip = 重新获取该文件
get-caution = 未加密：网络的管理者可以读取和更改内容
get-caution-key = 未加密，且不会核对链接中的密钥：网络的管理者可以读取和更改内容
get-file = 获取文件…
get-from = 来源地址
get-from-hint = 名称、地址或链接
get-name = 对方的文件名
get-name-hint = 例如 课堂笔记
get-tip = 获取他人用 Sealdrop 或其他程序共享的一个文件
get-title = 获取文件
get-wrong-name = 这不能作为文件名
hide-downloads = 隐藏下载记录
no-downloads = 还没有人下载过
path-for-sharing = 请输入要共享的文件夹的完整路径
share-another = 共享其他文件夹…
share-disk = 这是整个磁盘：网络上的任何人都能读取全部内容。建议只共享其中的一个文件夹
share-folder = 共享文件夹…
share-folder-title = 选择要共享的文件夹
share-home = 这是主文件夹：网络上的任何人都能读取您的几乎所有文件。建议只共享其中的一个文件夹
share-nothing = 没有共享任何内容
share-stop = 停止共享
share-tip = 网络上的任何人都可以读取共享文件夹中的内容，不加密，也不会询问。隐藏文件和链接不会共享
share-trouble = 无法打开共享文件夹：目前没有人可以下载
shared-folder = 共享文件夹
show-downloads = 显示下载记录
shares = 与所有人共享，未加密：{ $folder }
shares-everybody = { $folder }：网络上的任何人都可以从中下载
takes = { $peer } 正在下载 { $file }，{ $percent }%
takes-and-others = { $peer } 正在下载 { $file }，{ $percent }%，另有 { $others } 个下载
took-file = { $peer } 下载了 { $file }，{ $size }
took-not = { $peer } 未能下载 { $file }：{ $why }

## The network check

check-adapters = 网络适配器
check-adapter = { $name }：{ $addresses }
check-adapter-down = { $name }（未连接）：{ $addresses }
check-adapters-unknown = 系统没有说明有哪些网络适配器
check-all-fine = 一切正常
check-blocked = 本机在对方设备上已被屏蔽
check-blocked-do = 请它的主人取消屏蔽
check-bridge = 网桥
check-clock = 时钟
check-clock-ahead = 对方的时钟比本机快 { $by }
check-clock-behind = 对方的时钟比本机慢 { $by }
check-clock-do = 请校准不准的时钟，否则文件时间和历史记录中的时间也会出错
check-clocks-agree = 两台设备的时钟一致
check-connected = { $at } 有应答
check-connection = 连接
check-containers = 虚拟，用于容器
check-deaf = 本机正在监听端口 { $port }，但在那里应答的不是这个 Sealdrop
check-deaf-do = 请关闭 Sealdrop 后重新打开，或在设置中选择其他端口
check-detailed = { $what }（{ $detail }）
check-earlier-failed = 前面的步骤失败了
check-encryption = 加密
check-failed = 失败
check-fine = 正常
check-fix = 本机使用 { $firewall }，请以有权限的用户运行：
check-forbidden = 本机不允许连接 { $places }：被自己的防火墙阻止
check-forbidden-do = 请在本机防火墙中允许 Sealdrop 连接网络
check-greeting = 问候
check-heard-mute = { $name }：发不出去
check-heard-stopped = { $name }：能发出，收不到
check-heard-works = { $name }：收发正常，{ $others } 台其他设备
check-is-vpn = 虚拟，VPN
check-listening = 本机正在监听端口 { $port }
check-machines = 虚拟，用于虚拟机
check-many = { $first }、{ $second } 等另外 { $more } 个
check-met = { $name }（{ $system }，{ $program }），{ $verified ->
    [yes] 已验证
   *[no] 未验证
}
check-millis = { $millis } 毫秒
check-multicast = 互相发现
check-multicast-do = 请在本机和对方设备上放行 UDP 端口 5353。在此之前可以直接输入地址：发送不受影响
check-multicast-mute = 无法在 { $names } 上发出询问：系统不允许组播
check-multicast-not-needed = 不需要：对方设备就是本机
check-multicast-stopped = { $names } 上的组播被阻断：发出的询问没有返回
check-multicast-works = 组播在 { $names } 上收发正常；{ $others ->
    [0] 没有其他设备应答
   *[other] { $others } 台其他设备已应答
}
check-name = 名称
check-network = 已通过 { $names } 接入网络
check-network-and-down = 已通过 { $names } 接入网络；{ $down } 有地址但未连接
check-no-adapter = 没有通向其他计算机的网络适配器
check-no-adapter-do = 请打开无线网络，或插上网线
check-no-answer = { $places } 没有应答：很可能被对方的防火墙阻止
check-no-answer-do = 请在对方设备上放行其 TCP 端口，那台设备上的“网络检查”会说明方法。也请确认这仍是它的地址，并且两台设备在同一网络中
check-no-clock = 只有互相验证过的两台设备才会比对时钟
check-no-name-needed = 给出的是地址，无需查找名称
check-no-place = 不知道这台设备的地址：到目前为止只有它连接过本机
check-no-place-do = 请输入它的地址
check-no-port = 本机没有监听任何端口：谁都无法向它发送
check-no-port-do = 请在设置中选择端口
check-no-route = 没有通往 { $places } 的路径
check-no-route-do = 请检查地址，并确认两台设备在同一网络中。访客网络会隔离设备，VPN 可能通向别处
check-no-time = 不到 1 毫秒
check-not-asked = 对方设备没有尝试。它很少这样做；对陌生设备，只有在它对所有人可见时才会尝试
check-not-listening = 本机没有监听任何端口，无从连接
check-not-reached = 对方无法连接本机的端口 { $port }：很可能被本机的防火墙阻止
check-not-reached-do = 请放行该 TCP 端口。在此之前，您可以向它发送，它不能向您发送
check-not-sealdrop = 那里有应答，但不是 Sealdrop
check-not-sealdrop-do = 请检查端口。向其他程序发送时，请使用明文协议
check-not-served = 对方的 Sealdrop 版本太旧，无法尝试
check-not-tried = 未尝试
check-other-key = 那里应答的是另一台设备：它的密钥开头是 { $met }，应当是 { $expected }
check-other-key-do = 这个地址现在可能属于别人。如果对方重新安装了 Sealdrop，请忘记该设备并重新验证；否则不要向它发送任何内容
check-port = 监听
check-port-closed = 本机的端口 { $port } 上没有程序监听：谁都无法向它发送
check-port-closed-do = 请在本机打开 Sealdrop，或在设置中选择其他端口
check-port-taken = 端口 { $port } 已被 { $name } 占用（进程 { $id }）
check-port-taken-do = 请关闭该程序，或在设置中选择其他端口
check-port-taken-unknown = 端口 { $port } 已被某个程序占用，只有其用户或系统知道是哪一个
check-reached = 它也能连接到本机
check-refused = { $places } 应答说那里没有程序监听
check-refused-do = 请在那里打开 Sealdrop，并核对其窗口中显示的端口
check-resolved = 它的地址是 { $addresses }
check-running = 正在检查…
check-sealed = 已加密；它的密钥开头是 { $key }
check-seconds = { $seconds } 秒
check-silent = 它接受了连接，却没有任何回应
check-silent-do = 请检查端口。如果那是 Sealdrop，请将其关闭后重新打开
check-step = { $title }：{ $state }
check-steps-failed = { $failed } 个步骤失败
check-steps-failed-and-warnings = { check-steps-failed }，另有 { $warnings } 个警告
check-stopped = 已停止
check-taken-for-another = 在对方设备上，这个名称的设备已用另一个密钥验证
check-taken-for-another-do = 请它的主人忘记旧设备，并验证这一台
check-takes-name = 它自称 { $name }，而您已用另一个密钥验证过这个名称
check-takes-name-do = 发送任何内容之前，请先问清它的主人发生了什么变化
check-three = { $first }、{ $second } 和 { $third }
check-two = { $first } 和 { $second }
check-unresolved = 这个名称没有对应的地址
check-unresolved-do = 请检查拼写，或输入对方窗口中显示的地址
check-versions = 双方无法互通：本机使用协议版本 { $ours }，对方使用 { $theirs }
check-versions-do = 请更新较旧的一方
check-versions-range = { $oldest } 至 { $newest }
check-vpn = { $name } 是 VPN，可能会把发往本地网络的内容带到别处
check-vpn-do = 如果连接不到对方设备，请关闭 VPN 后再试
check-warning = 警告
check-way-back = 回程
check-works-with-warnings = 可以使用，有 { $warnings } 个警告
network-check = 网络检查…
network-check-start = 检查
network-check-title = 网络检查
network-check-tip = 设备之间找不到或连不上时，查明是哪一步失败
network-check-whom = 要检查的设备
network-check-whom-hint = 名称、地址或链接；留空则只检查本机
status-line = 状态
status-listening = 正在监听端口 { $port }
status-not-listening = 没有在端口 { $port } 上监听：谁都无法向本机发送
copy-command = 复制命令
