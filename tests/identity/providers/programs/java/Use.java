// An ordinary program with DefaultAzureCredential: reads and writes, and says how that went. Nothing in it knows Bascule.
import com.azure.core.util.BinaryData;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.BlobStorageException;

public class Use {
    static void attempt(String what, Runnable action) {
        try {
            action.run();
            System.out.println(what + " ok");
        } catch (BlobStorageException refused) {
            System.out.println(what + " " + refused.getErrorCode());
            if (System.getenv("SHOW") != null) refused.printStackTrace();
        } catch (RuntimeException failed) {
            System.out.println(what + " " + failed.getClass().getSimpleName());
            if (System.getenv("SHOW") != null) failed.printStackTrace();
        }
    }

    public static void main(String[] arguments) {
        BlobContainerClient container = new BlobServiceClientBuilder().endpoint(System.getenv("BLOB_URL"))
            .credential(new DefaultAzureCredentialBuilder().build()).buildClient().getBlobContainerClient(System.getenv("CONTAINER"));
        attempt("read", () -> {
            if (!container.getBlobClient("first").downloadContent().toString().equals("hello")) throw new RuntimeException("read something else");
        });
        attempt("write", () -> container.getBlobClient("by-java").upload(BinaryData.fromString("java"), true));
        System.exit(0);
    }
}
