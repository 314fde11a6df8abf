package kr.example.wallet.app

import android.content.Context
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletConfig
import java.io.IOException

/** The build names no issuer, or cannot reach what it was set up with; [hint] says more to its developer. */
public class NotSetUp(
    public val hint: String? = null,
) : IOException(hint)

/**
 * Whom the app trusts, from its assets: `issuer/url` holds the issuer's address, and the folders `issuer/issuer-roots`,
 * `issuer/card-roots` and `issuer/desk-roots` hold root certificates, DER.
 */
public class IssuerAssets(
    private val context: Context,
) {
    /** A configuration with its vault in the app's own folder. */
    public fun config(language: Language): WalletConfig =
        WalletConfig(
            vaultPath = vault(context),
            issuerUrl = read("url")?.decodeToString()?.trim() ?: throw NotSetUp(),
            issuerRoots = roots("issuer-roots"),
            cardRoots = roots("card-roots"),
            deskRoots = roots("desk-roots"),
            language = language,
        )

    private fun roots(kind: String): List<ByteArray> =
        context.assets
            .list("$FOLDER/$kind")
            .orEmpty()
            .mapNotNull { read("$kind/$it") }

    private fun read(name: String): ByteArray? =
        try {
            context.assets.open("$FOLDER/$name").use { it.readBytes() }
        } catch (_: IOException) {
            null
        }

    public companion object {
        private const val FOLDER = "issuer"

        /** The vault's file: in the folder that no backup takes. */
        public fun vault(context: Context): String = context.noBackupFilesDir.resolve("wallet").path
    }
}
