package kr.example.wallet.simulator

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kr.example.wallet.core.BasicAccessPolicy
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletConfig
import java.io.File
import java.net.Socket
import java.util.Base64
import java.util.concurrent.TimeUnit

/**
 * `wallet simulator`: a desk, cards to tap and phones in software, on loopback. docs/simulator.md has its protocol.
 * [start] runs it as a child process; [connect] takes the first line of one that runs elsewhere.
 */
public class Simulator private constructor(
    private val ready: JsonObject,
    private val process: Process?,
) : AutoCloseable {
    /** The desk's base address. */
    public val desk: String = ready.text("desk")

    /** The id the desk verifies under. */
    public val deskId: String = ready.text("desk_id")

    /** The key that signs counter packs, SEC1, 65 bytes. */
    public val packAuthority: ByteArray = ready.bytes("pack_authority")

    /** A configuration that trusts the simulator, with its vault at [vault]. */
    public fun config(
        vault: File,
        language: Language = Language.ENGLISH,
    ): WalletConfig {
        val config = ready.getValue("config").jsonObject

        fun roots(name: String) = config.getValue(name).jsonArray.map(::decode)
        return WalletConfig(
            vaultPath = vault.path,
            issuerUrl = config.text("issuer_url"),
            issuerRoots = roots("issuer_roots"),
            cardRoots = roots("card_roots"),
            deskRoots = roots("desk_roots"),
            language = language,
        )
    }

    /** Holds the card called [name] to the phone: `adult`, `second`, `minor`, `foreign`, `rogue` or `worn`. */
    public fun tap(name: String = "adult"): SimulatedCard = SimulatedCard(card(name).text("address"))

    /** The six digits printed on the card; a fresh copy, because reading wipes it. */
    public fun can(name: String = "adult"): ByteArray = card(name).text("can").encodeToByteArray()

    /** By [link] the country of the cards vouches for the key behind `rogue`. */
    public val link: ByteArray = ready.getValue("directory").jsonObject.bytes("link")

    /** A list of that country that takes back who signed the other cards. */
    public val revocationList: ByteArray = ready.getValue("directory").jsonObject.bytes("revocation_list")

    /** A list of that country that takes back somebody else. */
    public val otherRevocationList: ByteArray = ready.getValue("directory").jsonObject.bytes("other_revocation_list")

    /** The phone called [name], with the keys it had before. */
    public fun phone(name: String): SimulatedPhone = SimulatedPhone(ready.text("phone"), name)

    /** What opens the card called [name] beside its digits: the lines for machines. */
    public fun lines(
        name: String = "adult",
        basicAccess: BasicAccessPolicy = BasicAccessPolicy.NEVER,
    ): CardAccessView {
        val lines = card(name).getValue("mrz").jsonObject
        val part = { of: String -> lines.text(of).encodeToByteArray() }
        return CardAccessView.Mrz(part("number"), part("birth"), part("expiry"), basicAccess)
    }

    /**
     * The resident with the card called [name] comes to the community centre: the code to scan, and the digits that are spoken; for
     * their card, or for a [document] (`veteran_card`, `welfare_card`).
     */
    public fun visit(
        name: String = "adult",
        document: String? = null,
    ): Visit {
        val visit = centre("visit", name) { document?.let { put("document", it) } }
        return Visit(visit.text("link"), visit.text("transaction_code"))
    }

    /** The resident reports the phone lost to the telecom operator, who suspends the ID. */
    public fun reportLost(name: String = "adult") {
        centre("suspend", name)
    }

    /** … and found. */
    public fun reportFound(name: String = "adult") {
        centre("resume", name)
    }

    /** `card_lost`, `details_changed` or `died`; whether there is a phone that hears of it. */
    public fun endCard(
        event: String,
        name: String = "adult",
    ): Boolean = centre("end_card", name) { put("event", event) }.getValue("phone").jsonPrimitive.boolean

    /** The centre orders the phone to wipe itself; whether there is one. */
    public fun orderWipe(name: String = "adult"): Boolean = centre("wipe", name).getValue("phone").jsonPrimitive.boolean

    /** The resident signs in at the portal and applies: the link for the wallet. */
    public fun portalLink(
        name: String = "adult",
        document: String? = null,
    ): String = centre("portal_link", name) { document?.let { put("document", it) } }.text("link")

    /** The resident's browser opens [url], signs in and says yes, or no; where that leads. */
    public fun browse(
        url: String,
        name: String = "adult",
        agree: Boolean = true,
    ): String =
        centre("browse", name) {
            put("url", url)
            put("agree", agree)
        }.text("redirect_uri")

    /** A clerk decides about a [document] that waits; whether one did. */
    public fun decide(
        document: String,
        approve: Boolean,
        name: String = "adult",
    ): Boolean =
        centre("decide", name) {
            put("document", document)
            put("approve", approve)
        }.getValue("asked").jsonPrimitive.boolean

    private fun centre(
        operation: String,
        name: String,
        fields: JsonObjectBuilder.() -> Unit = {},
    ): JsonObject {
        val request =
            buildJsonObject {
                put("op", operation)
                put("card", name)
                fields()
            }
        val (host, port) = ready.text("centre").split(':')
        return Socket(host, port.toInt()).use { socket ->
            socket.getOutputStream().write("$request\n".encodeToByteArray())
            val answer = Json.parseToJsonElement(checkNotNull(socket.getInputStream().bufferedReader().readLine())).jsonObject
            checkNotNull(answer["ok"]) { "the centre says $answer to $request" }.jsonObject
        }
    }

    override fun close() {
        // It ends with its standard input.
        process?.outputStream?.close()
        if (process?.waitFor(PATIENCE, TimeUnit.SECONDS) == false) process.destroyForcibly()
    }

    private fun card(name: String) =
        ready
            .getValue("cards")
            .jsonArray
            .map { it.jsonObject }
            .first { it.text("name") == name }

    public companion object {
        private const val PATIENCE = 5L

        /** Starts [executable] (default: the environment's `WALLET_SIMULATOR`). */
        public fun start(executable: String = checkNotNull(System.getenv("WALLET_SIMULATOR")) { "WALLET_SIMULATOR" }): Simulator {
            val process = ProcessBuilder(executable, "simulator").redirectError(ProcessBuilder.Redirect.INHERIT).start()
            val line = checkNotNull(process.inputStream.bufferedReader().readLine()) { "the simulator did not start" }
            return Simulator(Json.parseToJsonElement(line).jsonObject, process)
        }

        /** Takes the line a running simulator printed. */
        public fun connect(readyLine: String): Simulator = Simulator(Json.parseToJsonElement(readyLine).jsonObject, null)
    }
}

/** What a resident takes from a visit. */
public data class Visit(
    /** The clerk's code. */
    val link: String,
    /** The digits that the clerk speaks. */
    val digits: String,
)

internal fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content

internal fun JsonObject.bytes(name: String): ByteArray = decode(getValue(name))

internal fun decode(element: JsonElement): ByteArray = Base64.getDecoder().decode(element.jsonPrimitive.content)

internal fun encode(bytes: ByteArray): String = Base64.getEncoder().encodeToString(bytes)
