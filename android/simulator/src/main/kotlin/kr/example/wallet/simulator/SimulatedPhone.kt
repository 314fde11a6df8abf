package kr.example.wallet.simulator

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject
import kr.example.wallet.core.Attestation
import kr.example.wallet.core.CreatedKeys
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.FaceCheckException
import kr.example.wallet.core.FaceEvidence
import kr.example.wallet.core.HolderKeyId
import kr.example.wallet.core.InstanceKeyId
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.NewKey
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.UserAuthentication
import kr.example.wallet.core.WrapKeyId
import java.net.Socket

/** A phone in software: its secure hardware and its camera, and what a test may do to both. */
public class SimulatedPhone internal constructor(
    address: String,
    name: String,
) : KeyStore,
    FaceCheck,
    AutoCloseable {
    private val socket = address.split(":").let { (host, port) -> Socket(host, port.toInt()) }.apply { tcpNoDelay = true }
    private val answers = socket.getInputStream().bufferedReader()
    private val turn = Mutex()

    init {
        say(buildJsonObject { put("phone", name) })
    }

    override suspend fun create(
        policy: KeyPolicy,
        challenge: ByteArray,
        count: UInt,
    ): CreatedKeys {
        val made =
            keys("create") {
                put("purpose", policy.purpose.name.lowercase())
                putAuthentication(policy.userAuthentication)
                put("residence", policy.residence.name.lowercase())
                put("challenge", encode(challenge))
                put("count", count.toLong())
            }
        val keys =
            made
                .getValue("keys")
                .jsonArray
                .map { it.jsonObject }
                .map { NewKey(it.text("id"), it.bytes("public_key")) }
        val chains =
            made
                .getValue("attestation")
                .jsonObject
                .getValue("chains")
                .jsonArray
        return CreatedKeys(keys, Attestation.Software(chains.map { chain -> chain.jsonArray.map(::decode) }))
    }

    override suspend fun sign(
        key: HolderKeyId,
        requests: List<SignRequest>,
        prompt: Prompt,
    ): List<ByteArray> {
        val signed =
            keys("sign") {
                put("key", key)
                putJsonArray("messages") { requests.forEach { add(encode(it.message)) } }
                putPrompt(prompt)
            }
        return signed.getValue("signatures").jsonArray.map(::decode)
    }

    override suspend fun signInstance(
        key: InstanceKeyId,
        message: ByteArray,
    ): ByteArray =
        keys("sign_instance") {
            put("key", key)
            put("message", encode(message))
        }.bytes("signature")

    override suspend fun wrap(
        key: WrapKeyId,
        plain: ByteArray,
    ): ByteArray =
        keys("wrap") {
            put("key", key)
            put("plain", encode(plain))
        }.bytes("bytes")

    override suspend fun unwrap(
        key: WrapKeyId,
        wrapped: ByteArray,
        prompt: Prompt?,
    ): ByteArray =
        keys("unwrap") {
            put("key", key)
            put("wrapped", encode(wrapped))
            prompt?.let { putPrompt(it) }
        }.bytes("bytes")

    override suspend fun delete(ids: List<String>): List<String> =
        keys("delete") { putJsonArray("ids") { ids.forEach { add(it) } } }
            .getValue("ids")
            .jsonArray
            .map { it.jsonPrimitive.content }

    override suspend fun compare(
        portrait: ByteArray,
        challenge: ByteArray,
        instanceKey: ByteArray,
        prompt: Prompt,
    ): FaceEvidence {
        val answer =
            ask("compare") {
                put("portrait", encode(portrait))
                put("challenge", encode(challenge))
                put("instance_key", encode(instanceKey))
                putPrompt(prompt)
            }
        val seen =
            answer["ok"]?.jsonObject ?: throw when (answer.text("error")) {
                "user_cancelled" -> FaceCheckException.UserCancelled()
                "no_match" -> FaceCheckException.NoMatch()
                else -> FaceCheckException.Unavailable()
            }
        return FaceEvidence(seen.text("provider"), seen.bytes("signature"))
    }

    /** The chain for a key that other test hardware made. */
    public suspend fun attest(
        publicKey: ByteArray,
        authentication: UserAuthentication,
        challenge: ByteArray,
    ): List<ByteArray> =
        keys("attest") {
            put("public_key", encode(publicKey))
            putAuthentication(authentication)
            put("challenge", encode(challenge))
        }.getValue("chain").jsonArray.map(::decode)

    /** What the citizen does at the next prompt: `approve`, `cancel` or `fail_until_locked_out`. */
    public suspend fun answerNext(answer: String): Unit = control("answer_next") { put("answer", answer) }

    /** Ends a lock-out, as the device's own PIN does. */
    public suspend fun endLockOut(): Unit = control("end_lock_out")

    /** Takes every fingerprint and face away, or brings them back. */
    public suspend fun setNoBiometrics(none: Boolean): Unit = control("set_no_biometrics") { put("value", none) }

    /** A new finger was added: every key that asks for the citizen is dead. */
    public suspend fun invalidateKeys(): Unit = control("invalidate_keys")

    /** What the camera sees from now on: `match`, `no_match`, `cancel` or `unavailable`. */
    public suspend fun face(answer: String): Unit = control("face") { put("answer", answer) }

    /** Every prompt shown so far, of fingers first, then of faces. */
    public suspend fun prompts(): List<Prompt> =
        keys("prompts").getValue("prompts").jsonArray.map { it.jsonObject }.map {
            Prompt(it.text("title"), it.text("reason"), it["counterparty"]?.jsonPrimitive?.takeIf { name -> name.isString }?.content)
        }

    override fun close(): Unit = socket.close()

    private suspend fun control(
        operation: String,
        fields: JsonObjectBuilder.() -> Unit = {},
    ) {
        keys(operation, fields)
    }

    private suspend fun keys(
        operation: String,
        fields: JsonObjectBuilder.() -> Unit = {},
    ): JsonObject {
        val answer = ask(operation, fields)
        return answer["ok"]?.jsonObject ?: throw when (answer.text("error")) {
            "user_cancelled" -> KeyStoreException.UserCancelled()
            "locked_out" -> KeyStoreException.LockedOut()
            "no_biometrics" -> KeyStoreException.NoBiometrics()
            "key_invalidated" -> KeyStoreException.KeyInvalidated()
            "key_not_found" -> KeyStoreException.KeyNotFound()
            "unavailable" -> KeyStoreException.Unavailable()
            else -> KeyStoreException.Failed(answer["os_code"]?.jsonPrimitive?.content?.toInt() ?: -1)
        }
    }

    private suspend fun ask(
        operation: String,
        fields: JsonObjectBuilder.() -> Unit,
    ): JsonObject =
        turn.withLock {
            withContext(Dispatchers.IO) {
                say(
                    buildJsonObject {
                        put("op", operation)
                        fields()
                    },
                )
            }
        }

    private fun say(line: JsonObject): JsonObject {
        socket.getOutputStream().write("$line\n".encodeToByteArray())
        val answer = checkNotNull(answers.readLine()) { "the simulator is gone" }
        return Json.parseToJsonElement(answer).jsonObject
    }

    private fun JsonObjectBuilder.putAuthentication(authentication: UserAuthentication) {
        when (authentication) {
            is UserAuthentication.None -> {
                put("user_authentication", "none")
            }

            is UserAuthentication.EachUse -> {
                put("user_authentication", "each_use")
            }

            is UserAuthentication.Window -> {
                put("user_authentication", "window")
                put("window_seconds", authentication.seconds.toInt())
            }
        }
    }

    private fun JsonObjectBuilder.putPrompt(prompt: Prompt) {
        putJsonObject("prompt") {
            put("title", prompt.title)
            put("reason", prompt.reason)
            put("counterparty", prompt.counterparty)
        }
    }
}
