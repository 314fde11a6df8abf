package kr.example.wallet.simulator

import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.Issued
import kr.example.wallet.core.Scan
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** What android/README.md shows an app developer first is compiled, and run: here, or by `quick-start`. */
class ReadmeTest {
    @Test
    fun `a centre's code in place of the tap`() =
        play {
            phone().unlocked().use { id ->
                // The clerk's code, and the digits that are spoken.
                val visit = simulator.visit()
                val scanned = id.scan(visit.link) as Scan.Offer
                id.openOffer(scanned.link).use { offer ->
                    // Ask the citizen, and for the digits.
                    println(offer.view())
                    id.accept(offer, visit.digits.encodeToByteArray()) { stage -> println(stage) }
                }
                assertEquals(1, id.cards().size)
            }
        }

    @Test
    fun `a link of the portal`() =
        play {
            phone().unlocked().use { id ->
                // A clerk has seen the citizen, who has signed in at the portal since, and applied.
                simulator.visit()
                val link = simulator.portalLink()
                val asked = id.openOffer(link).use { id.accept(it) } as Issued.SignIn
                // The browser: signs in, says yes, comes back.
                id.continueWith(simulator.browse(asked.url))
                assertEquals(1, id.cards().size)
            }
        }

    @Test
    fun `every line it shows is compiled`() {
        val shown = blocks(File("../README.md").readText().substringAfter("## From zero").substringBefore("\n## "))
        assertEquals(3, shown.size, "the quick start, a centre's code, a link of the portal")
        val sources = COMPILED.map { lines(File("src/$it").readText()) }
        for (block in shown) assertTrue(sources.any { block in it.windowed(block.size) }, "not compiled:\n${block.joinToString("\n")}")
    }

    private fun blocks(text: String): List<List<String>> = text.split("```kotlin\n").drop(1).map { lines(it.substringBefore("\n```")) }

    /** How deep a line stands is its surroundings' business. */
    private fun lines(text: String): List<String> = text.lines().map(String::trim)

    private companion object {
        val COMPILED =
            listOf(
                "main/kotlin/kr/example/wallet/simulator/QuickStart.kt",
                "test/kotlin/kr/example/wallet/simulator/ReadmeTest.kt",
            )
    }
}
