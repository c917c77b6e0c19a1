"""What the evidence zip says of itself, in plain words.

The texts belong to the format: verify compares them. Whoever changes a word here gives the
format a new number in `bundle.FORMAT`, and keeps these for files of the old one.
"""

from __future__ import annotations

EN = """\
EVIDENCE OF HOURLY ELECTRICITY: WHAT THIS FILE PROVES, AND WHAT IT DOES NOT

How to check it
  parkopt verify FILE --key VKEY [--older CHECKPOINT]
No network is needed. VKEY is one line with the park's verifier key. Get it from the park by
another way than this file (its web page, a letter, a contract). The line in manifest.json is
only the file's own word.

What it proves if every step passes
1. The records were written into the park's log before the signed head (file "checkpoint")
   was made, and none of them was changed since.
2. If you hold an older checkpoint: nothing that was in the log then has been changed or taken out.
3. From the meter readings in this file, the origin and the carbon of each hour were computed anew
   on your machine and are the ones that the park stated. An enterprise's file does not hold the
   loads of others: their sum is stated by the park, and a file of the auditor (all records) shows it.
4. Each Wh of green energy that is claimed was generated in that hour by that device (or came out of
   a storage that had been charged with it before), was claimed once, and was consumed in that hour.
5. No day and no device in the stated span is missing; estimated hours are counted and said.

What it does not prove
- That the meters are right. A meter's accuracy is for its owner, its calibration and your inspection.
- That the park does not run a second log. Only checkpoints outside the park show that: KEEP the file
  "checkpoint" (you, the enterprise, an auditor), and give it as --older next time. Without anybody
  outside who holds older checkpoints an operator could write everything anew.
- It is no green electricity certificate (GEC) of the People's Republic of China, which alone is the legal
  proof of the renewable attribute there, and no guarantee of origin. The "certificates" of this file are
  hourly traceability records of 1 Wh each. If the GEC of the same energy was sold, it must not be claimed.
- When it was written: the times in it are the park's. Only whoever received a checkpoint knows when.

Two answers, never to be mixed
- by_source, carbon_ug, green_wh: LOCATION view, physical. Each consumer gets the mix of its bus in that
  hour; what a storage gives keeps the origin that it was charged with.
- claims, market_ug: MARKET view, contractual. Certificates by entitlement and contract; energy without
  a claim has the residual factor.
Both close on the same meters. A report names the one that it uses.

What is in it
manifest.json, manifest.note  SHA-256 of each file; signed by the park's log key
checkpoint                    signed head of the log (c2sp.org/tlog-checkpoint)
consistency.json              earlier heads, with proofs (RFC 9162 section 2.1.4)
keys.json                     changes of the log's key, each signed by the key before
entries.jsonl                 the records: index, time, salt, record, proof (RFC 8785, RFC 9162 section 2.1.3)
readings.csv, factors.csv, actions.csv, method.json, contracts.json
                              the same records for reading; verify makes them anew and compares
A leaf of the log is {"type","seq","time","commitment"}, commitment = SHA-256(salt, record). Energy is in Wh,
carbon in micrograms of CO2. Days are local days (UTC+08:00) of 24 hours.
"""

ZH = """\
逐时电量溯源证据：本文件能证明什么，不能证明什么

核验方法
  parkopt verify 文件 --key 验证公钥 [--older 旧检查点]
无需联网。验证公钥为一行文本，请通过本文件以外的渠道（园区网站、函件、合同）向园区索取；
manifest.json 中的公钥仅为文件自述。

各步骤均通过时，可证明
1. 这些记录在签名日志头（checkpoint 文件）产生之前已写入园区日志，此后未被改动。
2. 若您持有更早的检查点：当时已在日志中的内容均未被改动或删除。
3. 已在您的计算机上，由本文件中的计量读数重新算出各小时的电量来源和碳排放，与园区所述一致。
   企业文件不含其他企业的用电读数，其合计为园区所述；监管方（auditor）文件含全部记录，可予核对。
4. 所主张的每一瓦时绿电，均由该设备在该小时发出（或由此前以其充电的储能放出），仅主张一次，且在该小时被消费。
5. 所述期间内没有缺失的日期和设备；估算小时数已统计并注明。

不能证明
- 计量表是否准确：取决于计量表的所有者、检定以及您的现场检查。
- 园区是否另有一套日志：只有园区之外保存的检查点才能揭示。请企业、监管方和您保存 checkpoint 文件，
  下次核验时用 --older 给出。若园区之外无人保存旧检查点，运营方可以全部重写。
- 本文件不是中华人民共和国绿色电力证书（绿证，GEC）。绿证是可再生能源环境属性的唯一法定凭证；
  本文件也不是欧盟来源担保证书。文件中的“凭证”是每张 1 瓦时的逐时溯源记录。同一电量的绿证已出售的，不得主张。
- 写入时间：其中的时间由园区自述；何时收到检查点，只有收到者知道。

两种口径，不得混用
- by_source、carbon_ug、green_wh：基于位置（物理）口径。同一母线上的用户在该小时使用相同的电源组成；
  储能放电保留充电时的来源。
- claims、market_ug：基于市场（合同）口径。按权益和合同分配凭证，未主张的电量使用剩余因子。
两种口径基于同一组计量数据。报告应注明所用口径。

文件内容
manifest.json、manifest.note  各文件的 SHA-256，由园区日志密钥签名
checkpoint                    签名的日志头（c2sp.org/tlog-checkpoint）
consistency.json              早期日志头及一致性证明（RFC 9162 第 2.1.4 节）
keys.json                     日志密钥的更换记录，各由前一密钥签名
entries.jsonl                 记录：编号、时间、盐值、记录、证明（RFC 8785，RFC 9162 第 2.1.3 节）
readings.csv、factors.csv、actions.csv、method.json、contracts.json
                              同一批记录的可读摘录；核验时重新生成并逐字节比对
日志叶为 {"type","seq","time","commitment"}，commitment = SHA-256(盐值, 记录)。电量单位为 Wh，
碳排放单位为微克 CO2。日为当地日（UTC+08:00），每日 24 小时。
"""
README = {"README.en.txt": EN.encode(), "README.zh.txt": ZH.encode()}
