@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.toList
import kr.example.wallet.ReadingEvent
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.BasicAccessPolicy
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardReading
import kr.example.wallet.core.CardTerms
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.ChipCheckOutcome
import kr.example.wallet.core.ChipCheckSkip
import kr.example.wallet.core.ChipEvidence
import kr.example.wallet.core.Distrust
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.ReadingListener
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.WalletException
import kr.example.wallet.simulator.SystemClock
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

class ReadingBehaviours {
    @Test
    fun reads_a_card_and_tells_its_progress() =
        play {
            val can = simulator.can()
            val events = phone().open().use { it.reading(simulator.tap(), can, ByteArray(8) { 7 }).toList() }
            val progress = events.filterIsInstance<ReadingEvent.Progress>().map { it.progress }
            assertEquals((1..progress.size).map(Int::toUInt), progress.map { it.apdus })
            assertTrue(progress.any { it.bytesTotal > 0u && it.bytesRead == it.bytesTotal })
            val evidence = (events.last() as ReadingEvent.Done).evidence
            assertTrue(evidence.checks().none { it.outcome is ChipCheckOutcome.Failed })
            val genuine = evidence.checks().single { it.name == "active_authentication" }
            assertEquals(ChipCheckOutcome.Passed, genuine.outcome)
            assertTrue(evidence.files().any { it.name == "DG1" })
            assertTrue(evidence.holder().name.isNotEmpty())
            assertTrue(can.all { it == 0.toByte() }, "the digits are wiped")
        }

    @Test
    fun a_wrong_can_is_told() =
        play {
            phone().open().use {
                val wrong =
                    assertFailsWith<WalletException.WrongPassword> { it.reading(simulator.tap(), "654321".encodeToByteArray()).last() }
                assertEquals(PasswordKind.CAN, wrong.kind)
            }
        }

    @Test
    fun a_malformed_can_never_reaches_the_card() =
        play {
            phone().open().use {
                val link = WatchedLink(simulator.tap()) {}
                assertFailsWith<WalletException.WrongPassword> { it.reading(link, "12ab".encodeToByteArray()).last() }
                assertEquals(0, link.commands.get())
            }
        }

    @Test
    fun a_lost_tag_is_told_and_the_next_tap_reads() =
        play {
            phone().open().use {
                val moved = WatchedLink(simulator.tap()) { number -> if (number == 8) throw LinkException.TagLost() }
                assertFailsWith<WalletException.CardLost> { it.reading(moved, simulator.can()).last() }
                assertEquals(8, moved.commands.get())
                assertTrue(it.reading(simulator.tap(), simulator.can()).last() is ReadingEvent.Done)
            }
        }

    @Test
    fun a_reading_is_cancelled() =
        play {
            lateinit var reading: CardReading
            val link = WatchedLink(simulator.tap()) { number -> if (number == 5) reading.cancel() }
            reading = reading(link, null)
            assertFailsWith<WalletException.UserCancelled> { reading.run(null) }
            assertEquals(5, link.commands.get())
        }

    @Test
    fun a_listener_that_says_no_cancels() =
        play {
            val link = WatchedLink(simulator.tap()) {}
            val listener =
                object : ReadingListener {
                    override fun progress(progress: ReadingProgress) = progress.apdus < 3u
                }
            assertFailsWith<WalletException.UserCancelled> { reading(link, listener).run(null) }
            assertEquals(3, link.commands.get())
        }

    @Test
    fun an_unknown_country_is_not_trusted() =
        play {
            phone().open().use {
                val distrusted =
                    assertFailsWith<WalletException.NotTrusted> { it.reading(simulator.tap("rogue"), simulator.can("rogue")).last() }
                assertEquals(Distrust.CHIP_SIGNER, distrusted.why)
            }
        }

    @Test
    fun a_link_of_the_app_leads_to_a_further_key() =
        play {
            phone().open().use {
                val terms = CardTerms(links = listOf(simulator.link))
                val read = it.reading(simulator.tap("rogue"), simulator.can("rogue"), terms = terms).last()
                assertIs<ReadingEvent.Done>(read)
                val none = CardTerms(links = listOf(byteArrayOf(0x30, 0)))
                assertFailsWith<WalletException.NotTrusted> { it.reading(simulator.tap(), simulator.can(), terms = none).last() }
            }
        }

    @Test
    fun a_revocation_list_of_the_app_is_heeded() =
        play {
            phone().open().use {
                suspend fun revocation(vararg lists: ByteArray): ChipCheckOutcome {
                    val terms = CardTerms(revocationLists = lists.toList())
                    val read = it.reading(simulator.tap(), simulator.can(), terms = terms).last() as ReadingEvent.Done
                    return read.evidence
                        .checks()
                        .single { check -> check.name == "passive_authentication.revocation" }
                        .outcome
                }
                assertEquals(ChipCheckOutcome.Skipped(ChipCheckSkip.NO_REVOCATION_LIST), revocation())
                assertEquals(ChipCheckOutcome.Passed, revocation(simulator.otherRevocationList))
                val refused = assertFailsWith<WalletException.NotTrusted> { revocation(simulator.revocationList) }
                assertEquals(Distrust.CHIP_SIGNER, refused.why)
                assertFailsWith<WalletException.NotTrusted> { revocation(byteArrayOf(0x30, 0)) }
            }
        }

    @Test
    fun only_the_files_the_app_names_are_read() =
        play {
            phone().open().use {
                val terms = CardTerms(files = listOf("DG1", "EF.COM"))
                val read = it.reading(simulator.tap(), simulator.can(), terms = terms).last() as ReadingEvent.Done
                assertEquals(
                    listOf("EF.CardAccess", "EF.SOD", "EF.COM", "DG1"),
                    read.evidence.files().map { file -> file.name },
                )
                val none = CardTerms(files = listOf("DG17"))
                assertFailsWith<WalletException.Unavailable> { it.reading(simulator.tap(), simulator.can(), terms = none).last() }
            }
        }

    @Test
    fun a_lost_card_pauses_and_goes_on() =
        play {
            phone().open().use {
                val whole = WatchedLink(simulator.tap()) {}
                val evidence = (it.reading(whole, simulator.can()).last() as ReadingEvent.Done).evidence
                val first = WatchedLink(simulator.tap()) { number -> if (number == 14) throw LinkException.TagLost() }
                val second = WatchedLink(simulator.tap()) {}
                val told = mutableListOf<WalletException?>()
                val events =
                    it
                        .reading(CardAccessView.Can(simulator.can())) { lost ->
                            told += lost
                            if (lost == null) first else second
                        }.toList()
                assertEquals(2, told.size)
                assertIs<WalletException.CardLost>(told.last())
                val resumed = (events.last() as ReadingEvent.Done).evidence
                val digests = { read: ChipEvidence -> read.files().map { file -> file.name to file.sha256.toList() } }
                assertEquals(digests(evidence), digests(resumed))
                // The door again, and not the files that were read.
                assertTrue(second.commands.get() < whole.commands.get(), "${second.commands} of ${whole.commands}")
            }
            val link = WatchedLink(simulator.tap()) { throw LinkException.TagLost() }
            val reading = reading(link, null)
            assertFalse(reading.isPaused())
            assertFailsWith<WalletException.CardLost> { reading.run(null) }
            assertTrue(reading.isPaused())
        }

    @Test
    fun another_card_does_not_go_on() =
        play {
            phone().open().use {
                val first = WatchedLink(simulator.tap()) { number -> if (number == 14) throw LinkException.TagLost() }
                val cards = ArrayDeque(listOf(first, simulator.tap("second")))
                val other =
                    assertFailsWith<WalletException.CardUnreadable> {
                        it.reading(CardAccessView.Can(simulator.can())) { cards.removeFirst() }.last()
                    }
                assertEquals(CardTrouble.ANOTHER_CARD, other.why)
                assertTrue(cards.isEmpty())
            }
        }

    @Test
    fun weaker_access_is_told() =
        play {
            phone().open().use {
                suspend fun read(policy: BasicAccessPolicy) =
                    it.reading(simulator.lines("worn", policy)) { lost -> if (lost == null) simulator.tap("worn") else throw lost }.last()
                val refused = assertFailsWith<WalletException.CardUnreadable> { read(BasicAccessPolicy.WHERE_THERE_IS_NO_PACE) }
                assertEquals(CardTrouble.WEAKER_ACCESS, refused.why)
                val weaker = read(BasicAccessPolicy.EVEN_WHEN_PACE_IS_REFUSED) as ReadingEvent.Done
                assertTrue(weaker.evidence.openedByWeakerAccess())
                val usual = it.reading(simulator.tap(), simulator.can()).last() as ReadingEvent.Done
                assertFalse(usual.evidence.openedByWeakerAccess())
            }
        }

    private fun Stage.reading(
        link: WatchedLink,
        listener: ReadingListener?,
    ): CardReading {
        val roots = simulator.config(java.io.File("vault")).cardRoots
        return CardReading(link, CardAccessView.Can(simulator.can()), roots, SystemClock(), listener)
    }
}
